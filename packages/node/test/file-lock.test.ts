import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileName } from '../src/file-record.ts'
import { lockTimes } from '../src/lock-holder.ts'
import { openFileStore } from '../src/opened-file-store.ts'
import { isMark, newMark } from '../src/process-mark.ts'
import type { Tell } from '../src/set-aside.ts'
import { newFolder } from './support/folders.ts'
import { container, foreignProc, hasContainers, type StoreProcess, startProcess } from './support/store-process.ts'

// The lock of a file store among processes of Node. No time is asserted but that things end, long before anybody would call it a hang.

const generous = 5_000
const source = JSON.stringify(join(import.meta.dirname, '../src/process-mark.ts'))
/** Says of two processes, which have ended, whether they are there. */
const judgeEnded = `for i in 1 2; do
  mark=$("$0" -e 'import(${source}).then((m) => process.stdout.write(m.newMark()))')
  "$0" -e 'import(${source}).then((m) => process.stdout.write(m.livenessOf(process.argv[1]) + " "))' "$mark"
done`
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const lockOf = (folder: string, key: string) => join(folder, `${fileName(key)}.lock`)

/** What a promise came to by now. */
async function settled(work: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), pause(ms).then(() => false)])
}

describe('the lock of a file store', () => {
  it('loses no update of eight processes', async () => {
    const folder = newFolder()
    const formats = ['esm', 'cjs'] as const
    const processes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => startProcess(folder, { format: formats[index % 2] as 'esm' })),
    )
    await Promise.all(processes.map((one) => one.do('count', 'a', 25)))
    expect(await processes[0]?.do('get', 'a')).toBe('200')
    expect(readdirSync(folder)).toEqual([fileName('a')])
  })

  it('holds between two copies of this package in one process, and two stores of one folder', async () => {
    const folder = newFolder()
    const { fileStore } = createRequire(import.meta.url)('../dist/index.cjs')
    const stores = [fileStore({ folder }), openFileStore(folder), openFileStore(folder)]
    let inside = 0
    const turns = stores.flatMap((store) =>
      Array.from({ length: 10 }, () =>
        store.withLock('a', async () => {
          inside += 1
          expect(inside).toBe(1)
          const before = Number((await store.get('a')) ?? 0)
          await pause(1)
          await store.set('a', String(before + 1))
          inside -= 1
        }),
      ),
    )
    await Promise.all(turns)
    expect(await stores[0].get('a')).toBe('30')
  })

  it('is taken from a killed holder, by one of those who wait', async () => {
    const folder = newFolder()
    const [victim, ...others] = await Promise.all(Array.from({ length: 4 }, () => startProcess(folder)))
    const took: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const holder = round === 0 ? (victim as StoreProcess) : await startProcess(folder)
      await holder.do('hold', 'a')
      const counts = others.map((one) => one.do('count', 'a', 5))
      expect(await settled(Promise.race(counts), 200)).toBe(false)
      const [next] = others
      const killedAt = Date.now()
      await holder.signal('SIGKILL')
      took.push(Number(await next?.do('take', 'a')) - killedAt)
      await Promise.all(counts)
    }
    expect(await others[0]?.do('get', 'a')).toBe('75')
    expect(readdirSync(folder)).toEqual([fileName('a')])
    for (const ms of took) expect(ms).toBeLessThan(generous)
  })

  it('is not taken from a holder that is stopped, or too busy to give a sign of life', async () => {
    const folder = newFolder()
    const holder = await startProcess(folder)
    const other = await startProcess(folder)
    await holder.do('hold', 'a')
    await holder.signal('SIGSTOP')
    const waiting = other.do('take', 'a')
    expect(await settled(waiting, lockTimes.silence + 500)).toBe(false)
    await holder.signal('SIGCONT')
    const blocked = holder.do('block', lockTimes.silence + 500)
    expect(await settled(waiting, lockTimes.silence + 200)).toBe(false)
    await blocked
    await holder.do('set', 'a', 'still mine')
    await holder.do('release', 'a')
    await waiting
    expect(await other.do('get', 'a')).toBe('still mine')
  })

  it('tells who waits for too long which process has it', async () => {
    const folder = newFolder()
    const holder = await startProcess(folder)
    const store = openFileStore(folder, undefined, { ...lockTimes, stalled: 300 })
    await holder.do('hold', 'a')
    await holder.signal('SIGSTOP')
    await expect(store.withLock('a', async () => 'in')).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining(`is held by process ${holder.pid}, which has not moved for 0.3 s.`),
      hint: 'Let that process go on if it is stopped, or end it: its lock is free at once then.',
      retryable: true,
    })
    await holder.signal('SIGCONT')
    await holder.do('release', 'a')
    expect(await store.withLock('a', async () => 'in')).toBe('in')
  })

  it('is waited for as long as its holder gives signs of life', async () => {
    const folder = newFolder()
    const holder = await startProcess(folder)
    const store = openFileStore(folder, undefined, { ...lockTimes, stalled: 1_000 })
    await holder.do('hold', 'a')
    const waiting = store.withLock('a', async () => 'in')
    expect(await settled(waiting, 2_500)).toBe(false)
    await holder.do('release', 'a')
    expect(await waiting).toBe('in')
  })

  it('is taken from a dead process whose number another one has', async () => {
    const folder = newFolder()
    const other = await startProcess(folder)
    const [place] = newMark().split('-')
    mkdirSync(join(lockOf(folder, 'a'), `${place}-${other.pid}-1-${'0'.repeat(16)}`), { recursive: true })
    expect(await openFileStore(folder).withLock('a', async () => 'in')).toBe('in')
    expect(readdirSync(folder)).toEqual([])
  })

  it('is taken from one that is dead, and that nobody has noticed yet', async () => {
    const folder = newFolder()
    // The shell becomes a program that looks after no child.
    const script = 'exec 4<&0; "$@" <&4 & exec sleep 60'
    const holder = await startProcess(folder, { by: ['sh', '-c', script, 'sh'] })
    await holder.do('hold', 'a')
    process.kill(holder.pid, 'SIGKILL')
    expect(
      await settled(
        openFileStore(folder).withLock('a', async () => 'in'),
        generous,
      ),
    ).toBe(true)
  })

  it('is set aside where it is no lock', async () => {
    const folder = newFolder()
    const listeners = new Set<Tell>()
    const store = openFileStore(folder, listeners)
    const events: object[] = []
    listeners.add((event) => void events.push(event))
    mkdirSync(lockOf(folder, 'a'))
    writeFileSync(join(lockOf(folder, 'a'), 'notes.txt'), 'mine')
    writeFileSync(lockOf(folder, 'b'), 'a file')
    for (const name of ['a', 'b']) expect(await store.withLock(name, async () => 'in')).toBe('in')
    expect(events).toMatchObject([{ type: 'store_set_aside' }, { type: 'store_set_aside' }])
    expect(readdirSync(folder).filter((name) => name.includes('.lock.corrupt-'))).toHaveLength(2)
  })
})

describe('the lock of a holder elsewhere', () => {
  /** As a process of another host has it, which does nothing more. */
  const deadElsewhere = (folder: string) => {
    const mark = newMark().replace(/^[0-9a-f]{12}/, 'ffffffffffff')
    mkdirSync(join(lockOf(folder, 'a'), mark), { recursive: true })
    writeFileSync(join(lockOf(folder, 'a'), mark, 'owner'), '{}')
  }

  it('is taken when it gives no sign of life', async () => {
    const folder = newFolder()
    deadElsewhere(folder)
    const stores = Array.from({ length: 3 }, () => openFileStore(folder))
    const waiting = stores.map((store) => store.withLock('a', async () => 'in'))
    expect(await settled(Promise.race(waiting), lockTimes.silence - 500)).toBe(false)
    expect(await Promise.all(waiting)).toEqual(['in', 'in', 'in'])
    expect(readdirSync(folder)).toEqual([])
  })

  it.each(['a pipe', 'a link to nothing', 'a folder'])('is taken where its sign of life is %s', async (what) => {
    const folder = newFolder()
    deadElsewhere(folder)
    const [mark = ''] = readdirSync(lockOf(folder, 'a'))
    const owner = join(lockOf(folder, 'a'), mark, 'owner')
    rmSync(owner)
    if (what === 'a pipe') execFileSync('mkfifo', [owner])
    else if (what === 'a folder') mkdirSync(owner)
    else symlinkSync('/nowhere', owner)
    const waiting = openFileStore(folder, [], { ...lockTimes, silence: 300 }).withLock('a', async () => 'in')
    expect(await settled(waiting, generous)).toBe(true)
    expect([await waiting, readdirSync(folder)]).toEqual(['in', []])
  })

  it('is kept while all threads that work on files are busy', async () => {
    const folder = newFolder()
    const fs = process.getBuiltinModule('node:fs/promises')
    const utimes = vi.spyOn(fs, 'utimes').mockReturnValue(new Promise(() => undefined))
    onTestFinished(() => void utimes.mockRestore())
    const store = openFileStore(folder, [], { ...lockTimes, beat: 10 })
    await store.withLock('a', async () => {
      const [mark = ''] = readdirSync(lockOf(folder, 'a'))
      const signOfLife = () => statSync(join(lockOf(folder, 'a'), mark, 'owner')).mtimeMs
      const first = signOfLife()
      await vi.waitFor(() => expect(signOfLife()).toBeGreaterThan(first), generous)
      expect(utimes).toHaveBeenCalledTimes(1)
    })
  })

  describe.skipIf(!hasContainers)('in a container of its own (skipped where none can be made)', () => {
    it('is waited for as long as it gives signs of life, and taken when it is killed', async () => {
      const folder = newFolder()
      const holder = await startProcess(folder, { by: container })
      const other = await startProcess(folder)
      await holder.do('hold', 'a')
      const waiting = other.do('take', 'a')
      expect(await settled(waiting, lockTimes.silence + 1_500)).toBe(false)
      await holder.signal('SIGKILL')
      expect(await settled(waiting, lockTimes.silence + generous)).toBe(true)
    })

    it('is judged by signs of life where /proc is that of another container', async () => {
      const folder = newFolder()
      const [one, two] = await Promise.all([
        startProcess(folder, { by: foreignProc }),
        startProcess(folder, { by: foreignProc }),
      ])
      await one.do('hold', 'a')
      const waiting = two.do('take', 'a')
      expect(await settled(waiting, lockTimes.silence + 500)).toBe(false)
      await one.signal('SIGKILL')
      expect(await settled(waiting, lockTimes.silence + generous)).toBe(true)
      // Nobody is told by a number there: not the dead, which it may be another one's, and not the living.
      const [unshare, ...options] = foreignProc
      const told = spawnSync(unshare, [...options.slice(0, -1), 'sh', '-c', judgeEnded, process.execPath], {
        encoding: 'utf8',
      })
      expect([told.stdout, told.stderr]).toEqual(['elsewhere elsewhere ', ''])
    })

    it('is lost by one who was stopped: what it writes then is refused, and changes nothing', async () => {
      const folder = newFolder()
      const holder = await startProcess(folder, { by: container })
      const other = await startProcess(folder)
      await holder.do('hold', 'a')
      await holder.do('set', 'a', 'before')
      await holder.signal('SIGSTOP')
      await other.do('hold', 'a')
      await other.do('set', 'a', 'next')
      await holder.signal('SIGCONT')
      const lost = {
        code: 'store_failed',
        message: expect.stringContaining('was lost to another process, so nothing was changed.'),
      }
      await expect(holder.do('set', 'a', 'late')).rejects.toMatchObject(lost)
      await expect(holder.do('delete', 'a')).rejects.toMatchObject(lost)
      await holder.do('release', 'a')
      await other.do('set', 'a', 'and again')
      expect(await holder.do('get', 'a')).toBe('and again')
      await other.do('release', 'a')
      expect(readdirSync(folder)).toEqual([fileName('a')])
    })
  })

  it('can be lost in the middle of a write, which then has not happened', async () => {
    const folder = newFolder()
    const store = openFileStore(folder)
    const lock = lockOf(folder, 'a')
    await store.withLock('a', async () => {
      await store.set('a', 'before')
      const [mark = ''] = readdirSync(lock).filter(isMark)
      // The end of a lock, in the middle: the folder of the holder has its last name, and nobody else has come in.
      renameSync(join(lock, mark), join(lock, `${mark}.over`))
      await expect(store.set('a', 'late')).rejects.toMatchObject({ code: 'store_failed' })
      await expect(store.delete('a')).rejects.toMatchObject({ code: 'store_failed' })
    })
    expect(await store.get('a')).toBe('before')
    expect(readdirSync(folder)).toEqual([fileName('a')])
  })
})
