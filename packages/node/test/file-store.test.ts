import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { StoreEvent } from '@pentauth/core'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileName, largestFile, recordText } from '../src/file-record.ts'
import { fileStore } from '../src/index.ts'
import { openFileStore } from '../src/opened-file-store.ts'
import { newMark } from '../src/process-mark.ts'
import type { Tell } from '../src/set-aside.ts'
import { newFolder } from './support/folders.ts'

// What a file store does with the disk; what it does as a store is in the contract, and its lock has a test of its own.

const secret = testKey.token()
const isRoot = process.geteuid?.() === 0
const asOthers = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all']
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const pathOf = (folder: string, key = 'a') => join(folder, fileName(key))

function opened(folder: string) {
  const listeners = new Set<Tell>()
  const store = openFileStore(folder, listeners)
  const events: StoreEvent[] = []
  listeners.add((event) => void events.push(event))
  return { store, events }
}
/** A store with a value for `a`, of an earlier process. */
async function filled(folder: string, value = 'one'): Promise<string> {
  await openFileStore(folder).set('a', value)
  return pathOf(folder)
}
const asideIn = (folder: string) => readdirSync(folder).filter((name) => name.includes('.corrupt-'))

describe('fileStore', () => {
  it('is one store for one folder, and says where it is', async () => {
    const folder = newFolder()
    const events: StoreEvent[] = []
    const store = fileStore({ folder })
    expect(fileStore({ env: { PENTAUTH_HOME: folder }, onEvent: (event) => void events.push(event) })).toBe(store)
    expect(store.name).toBe(`file ${folder}`)
    expect(fileStore({ folder: `${process.env.HOME}/.local/state/pentauth` }).name).toBe('file ~/.local/state/pentauth')
    chmodSync(folder, 0o755)
    await store.set('a', 'one')
    expect(events).toEqual([{ type: 'store_repaired', path: folder, from: '0755', to: '0700' }])
  })

  it.each(['', ' ', 'a\0b', 5, testKey.pensyve()])('refuses %j for a folder, and does not repeat it', (folder) => {
    const work = () => fileStore({ folder: folder as string })
    expect(work).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it('prints what it did with PENTAUTH_DEBUG=1', async () => {
    const folder = newFolder()
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => void written.mockRestore())
    const store = fileStore({ folder, env: { PENTAUTH_DEBUG: '1' } })
    chmodSync(folder, 0o777)
    await store.set('a', 'one')
    await vi.waitFor(() => expect(written.mock.calls.join()).toContain('pentauth store store_repaired {'))
  })

  it('touches nothing until it is used, and makes nothing to find nothing', async () => {
    const folder = join(newFolder(), 'state')
    const { store } = opened(folder)
    expect([await store.get('a'), await store.keys(''), await store.delete('a')]).toEqual([undefined, [], undefined])
    expect(existsSync(folder)).toBe(false)
    await filled(folder)
    expect(await store.get('a')).toBe('one')
  })

  it('goes on when somebody removes the folder', async () => {
    const folder = join(newFolder(), 'state')
    const { store } = opened(folder)
    for (const value of ['one', 'two']) {
      await store.set('a', value)
      rmSync(folder, { recursive: true })
      expect([await store.get('a'), await store.keys('')]).toEqual([undefined, []])
    }
    expect(await store.withLock('a', () => store.set('a', 'three').then(() => store.get('a')))).toBe('three')
  })

  it('looks again at a folder that somebody has put in the place of its own', async () => {
    for (const method of ['get', 'keys', 'set', 'delete', 'withLock'] as const) {
      const folder = join(newFolder(), 'state')
      const { store, events } = opened(folder)
      await store.set('a', 'one')
      const use = () =>
        method === 'withLock' ? store.withLock('a', () => store.set('a', 'two')) : store[method]('a', 'two')
      const replace = () => {
        rmSync(folder, { recursive: true })
        mkdirSync(folder)
        chmodSync(folder, 0o777)
      }
      replace()
      await use()
      expect([method, modeOf(folder), events.map(({ type }) => type)]).toEqual([method, '700', ['store_repaired']])
      replace()
      writeFileSync(join(folder, 'notes.txt'), '')
      await expect(use()).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('open to others'),
      })
      expect([readdirSync(folder), modeOf(folder)]).toEqual([['notes.txt'], '777'])
    }
  })

  it('keeps halves of characters apart, in names and in values', async () => {
    const { store } = opened(newFolder())
    for (const key of ['\ud800', '\udc00', '\ufffd']) await store.set(key, key)
    for (const key of ['\ud800', '\udc00', '\ufffd']) expect(await store.get(key)).toBe(key)
  })

  it('names files so that people recognise them and no system confuses them', () => {
    const name = fileName('session/https%3A%2F%2Fmcp.example%2Fmcp/default/Work')
    expect(name).toMatch(/^session-https-mcp-example-mcp-default-wo-[0-9a-f]{32}\.json$/)
    const names = ['', '/', '..', '\u0000', 'é', 'x'.repeat(5_000), '🔑'].map(fileName)
    for (const one of names) expect(one).toMatch(/^[a-z0-9-]{1,41}-[0-9a-f]{32}\.json$/)
  })

  it('lists what is its own, and leaves what is not', async () => {
    const folder = newFolder()
    const { store, events } = opened(folder)
    await store.set('session/a', 'one')
    const foreign = ['notes.txt', '.DS_Store', 'session-a.json', `a-${'0'.repeat(31)}.json`]
    for (const name of foreign) writeFileSync(join(folder, name), '{}')
    mkdirSync(join(folder, 'folder'))
    expect(await store.keys('session/')).toEqual(['session/a'])
    expect(readdirSync(folder)).toEqual(expect.arrayContaining([...foreign, 'folder']))
    expect(events).toEqual([])
  })
})

describe('modes and owners', () => {
  it.each([0, 0o022, 0o077, 0o277])('are the owner alone whatever the mask: %o', (mask) => {
    const folder = join(newFolder(), 'new', 'state')
    const program = `process.umask(${mask})
      const { fileStore } = await import(${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))})
      const store = fileStore({ folder: ${JSON.stringify(folder)} })
      await store.withLock('a', () => store.set('a', 'one'))
      await store.set('b', 'two')`
    execFileSync(process.execPath, ['--input-type=module', '-e', program])
    expect([modeOf(folder), modeOf(pathOf(folder)), modeOf(pathOf(folder, 'b'))]).toEqual(['700', '600', '600'])
    expect(modeOf(join(folder, '..'))).not.toMatch(/[1-7]$|[1-7].$/)
  })

  it.each([0o177, 0o277, 0o477, 0o777])(
    'are enough for the lock where the mask takes rights from the owner: %o',
    (mask) => {
      const program = `process.umask(${mask})
      const { fileStore } = await import(${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))})
      const open = () => fileStore({ folder: ${JSON.stringify(join(newFolder(), 'state'))} })
      await open().withLock('a', () => open().set('a', 'one'))
      const turns = [1, 2, 3].map(() => open().withLock('a', () => open().get('a')))
      process.stdout.write(JSON.stringify([...await Promise.all(turns), await open().keys('')]))`
      const node = [process.execPath, '--input-type=module', '-e', program] as const
      // The superuser may do anything, whatever the modes.
      const [command, ...args] = isRoot ? [...asOthers, ...node] : node
      const { stdout, stderr } = spawnSync(command as string, args, { encoding: 'utf8' })
      expect([stdout, stderr]).toEqual(['["one","one","one",["a"]]', ''])
    },
  )

  it('have them from the first moment', async () => {
    const folder = join(newFolder(), 'state')
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const fs = process.getBuiltinModule('node:fs/promises')
    const made: string[] = []
    const open = fs.open
    const spy = vi.spyOn(fs, 'open').mockImplementation(async (...args) => {
      const file = await open(...args)
      const stats = await file.stat()
      if (stats.isFile()) made.push((stats.mode & 0o777).toString(8))
      return file
    })
    onTestFinished(() => void spy.mockRestore())
    const { store } = opened(folder)
    await store.set('a', 'one')
    await store.withLock('a', () => store.set('a', 'two'))
    expect(made.length).toBeGreaterThan(1)
    expect(new Set(made)).toEqual(new Set(['600']))
  })

  it('are repaired, and told', async () => {
    const folder = newFolder()
    const path = await filled(folder)
    chmodSync(folder, 0o777)
    chmodSync(path, 0o644)
    const { store, events } = opened(folder)
    expect(await store.get('a')).toBe('one')
    expect([modeOf(folder), modeOf(path)]).toEqual(['700', '600'])
    expect(events).toEqual([
      { type: 'store_repaired', path: folder, from: '0777', to: '0700' },
      { type: 'store_repaired', path, from: '0644', to: '0600' },
    ])
    await store.get('a')
    expect(events).toHaveLength(2)
  })

  it('are repaired where nothing but a store is in the folder, whatever it left there', async () => {
    const folder = newFolder()
    const name = fileName('a')
    const beside = ['', '.lock', `.${newMark()}.tmp`, `.${newMark()}.new`, '.corrupt-x', '.lock.corrupt-x']
    for (const end of beside) writeFileSync(join(folder, name + end), '{}', { mode: 0o600 })
    mkdirSync(join(folder, 'encrypted'))
    chmodSync(folder, 0o755)
    const { store, events } = opened(folder)
    await store.get('b')
    expect([modeOf(folder), events]).toMatchObject(['700', [{ type: 'store_repaired', path: folder, from: '0755' }]])
  })

  describe('of a folder that is not for a store alone', () => {
    const places: Readonly<Record<string, [why: string, mode: number, make: (folder: string) => unknown]>> = {
      'a project that others can read': [
        'holds more than a file store',
        0o755,
        (folder) => writeFileSync(join(folder, 'package.json'), '{}'),
      ],
      'one that others can write': [
        'holds more than a file store',
        0o777,
        (folder) => writeFileSync(join(folder, '.env'), ''),
      ],
      'one like /tmp': ['is for all users, as its sticky bit says', 0o1777, () => undefined],
      'the home of the user': ['is a home folder', 0o755, (folder) => vi.stubEnv('HOME', folder)],
      'the home of the user, by a link': [
        'is a home folder',
        0o755,
        (folder) => {
          const link = join(newFolder(), 'home')
          symlinkSync(folder, link)
          vi.stubEnv('HOME', link)
        },
      ],
    }
    it.each(Object.entries(places))('are left as they are, and told: %s', async (_, [why, mode, make]) => {
      onTestFinished(() => void vi.unstubAllEnvs())
      const folder = newFolder()
      await make(folder)
      chmodSync(folder, mode)
      const before = readdirSync(folder)
      const { store, events } = opened(folder)
      const works = [
        () => store.get('a'),
        () => store.keys(''),
        () => store.delete('a'),
        () => store.set('a', 'one'),
        () => store.withLock('a', async () => 'in'),
      ]
      for (const work of works) {
        await expect(work()).rejects.toMatchObject({
          code: 'store_failed',
          message: expect.stringMatching(`is open to others \\(mode 0${(mode & 0o777).toString(8)}\\) and ${why}\\.`),
          hint: expect.stringContaining('/pentauth, with PENTAUTH_HOME or the option "folder".'),
          retryable: false,
        })
      }
      expect([statSync(folder).mode & 0o7777, readdirSync(folder), events]).toEqual([mode, before, []])
      await openFileStore(join(folder, 'pentauth')).set('a', 'one')
      expect(modeOf(join(folder, 'pentauth'))).toBe('700')
    })

    it('are told of the root of a disk', async () => {
      // Were it not refused, the machine of whoever runs this would be locked up: so nothing can be changed here.
      const fs = process.getBuiltinModule('node:fs/promises')
      const chmod = vi.spyOn(fs, 'chmod').mockRejectedValue(new Error('not in a test'))
      const { lstat } = fs
      const ours = BigInt(process.geteuid?.() ?? 0)
      const look = vi
        .spyOn(fs, 'lstat')
        .mockImplementation((async (path: string, options: { bigint: true }) =>
          Object.assign(await lstat(path, options), { uid: ours, mode: 0o40755n })) as typeof lstat)
      onTestFinished(() => {
        chmod.mockRestore()
        look.mockRestore()
      })
      await expect(openFileStore('/').get('a')).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('The folder / is open to others (mode 0755) and is the root of a disk.'),
        hint: expect.stringContaining('such as /pentauth,'),
      })
      expect(chmod).not.toHaveBeenCalled()
    })

    it('are right where they are for nobody else, whatever is in it', async () => {
      const folder = newFolder()
      writeFileSync(join(folder, 'notes.txt'), '')
      const { store } = opened(folder)
      await store.set('a', 'one')
      expect([await store.get('a'), modeOf(folder)]).toEqual(['one', '700'])
    })
  })

  describe.skipIf(!isRoot)('of somebody else (skipped where the tests cannot give files away)', () => {
    it('are refused for the folder', async () => {
      const folder = newFolder()
      await filled(folder)
      chownSync(folder, 12_345, 12_345)
      const { store } = opened(folder)
      const refused = {
        code: 'store_failed',
        message: expect.stringContaining(
          `The folder ${folder} of the file store belongs to user 12345, and this process runs as user 0.`,
        ),
        retryable: false,
      }
      const works = [store.get('a'), store.set('a', 'two'), store.delete('a'), store.keys('')]
      for (const work of [...works, store.withLock('a', async () => 'in')])
        await expect(work).rejects.toMatchObject(refused)
      expect(readdirSync(folder)).toEqual([fileName('a')])
    })

    it('are refused for a file, which stays as it is', async () => {
      const folder = newFolder()
      const path = await filled(folder)
      chownSync(path, 12_345, 12_345)
      const before = readFileSync(path, 'utf8')
      const { store, events } = opened(folder)
      for (const work of [store.get('a'), store.set('a', 'two'), store.delete('a')]) {
        await expect(work).rejects.toMatchObject({
          code: 'store_failed',
          message: expect.stringContaining('user 12345'),
        })
      }
      expect([readFileSync(path, 'utf8'), events]).toEqual([before, []])
      await store.set('b', 'two')
      expect(await store.get('b')).toBe('two')
    })
  })
})

describe('what lies in the way', () => {
  const foreign = 'notes of somebody'
  const victimOf = (folder: string) => {
    const victim = join(folder, 'victim')
    writeFileSync(victim, recordText('a', 'planted'), { mode: 0o600 })
    return victim
  }
  const obstacles: Readonly<Record<string, [reason: string, make: (path: string, victim: string) => unknown]>> = {
    'a symbolic link': ['a symbolic link', (path, victim) => symlinkSync(victim, path)],
    'a symbolic link to nothing': ['a symbolic link', (path) => symlinkSync('/nowhere', path)],
    'a hard link to what others can read': [
      'a file with a second name',
      (path, victim) => {
        chmodSync(victim, 0o644)
        linkSync(victim, path)
      },
    ],
    'a hard link to something else': [
      'cut or not JSON',
      (path, victim) => {
        writeFileSync(victim, foreign)
        linkSync(victim, path)
      },
    ],
    'a pipe': ['a pipe', (path) => execFileSync('mkfifo', [path])],
    'a folder': ['a directory', (path) => mkdirSync(join(path, 'in it'), { recursive: true })],
    'a socket': [
      'a socket',
      async (path) => {
        const server = createServer()
        onTestFinished(() => void server.close())
        await new Promise<void>((resolve) => server.listen(path, resolve))
      },
    ],
    ...(isRoot ? { 'a device': ['a device', (path: string) => execFileSync('mknod', [path, 'c', '1', '5'])] } : {}),
  }

  it.each(Object.entries(obstacles))('is set aside: %s', async (_, [reason, make]) => {
    for (const method of ['get', 'set', 'delete', 'keys', 'locked set', 'locked delete'] as const) {
      const folder = newFolder()
      const victim = victimOf(newFolder())
      await make(pathOf(folder), victim)
      const [before, mode] = [readFileSync(victim, 'utf8'), modeOf(victim)]
      const { store, events } = opened(folder)
      const works = {
        get: () => store.get('a'),
        set: () => store.set('a', 'mine'),
        delete: () => store.delete('a'),
        keys: () => store.keys(''),
        'locked set': () => store.withLock('a', () => store.set('a', 'mine')),
        'locked delete': () => store.withLock('a', () => store.delete('a')),
      }
      const found = await works[method]()
      expect(found === undefined || (Array.isArray(found) && found.length === 0)).toBe(true)
      const [aside = ''] = asideIn(folder)
      expect(events).toEqual([{ type: 'store_set_aside', path: pathOf(folder), movedTo: join(folder, aside), reason }])
      expect(lstatSync(join(folder, aside)).isFile()).toBe(/name|JSON/.test(reason))
      expect(await store.get('a')).toBe(method.endsWith('set') ? 'mine' : undefined)
      expect([readFileSync(victim, 'utf8'), modeOf(victim)]).toEqual([before, mode])
    }
  })

  it('is no second name that a backup gave: the value is read, and the backup stays what it was', async () => {
    for (const method of ['set', 'delete', 'locked set'] as const) {
      const folder = newFolder()
      const path = await filled(folder)
      const backup = join(newFolder(), 'backup.json')
      linkSync(path, backup)
      const { store, events } = opened(folder)
      expect([await store.get('a'), await store.keys('')]).toEqual(['one', ['a']])
      if (method === 'delete') await store.delete('a')
      else if (method === 'set') await store.set('a', 'two')
      else await store.withLock('a', () => store.set('a', 'two'))
      expect([await store.get('a'), events]).toEqual([method === 'delete' ? undefined : 'two', []])
      expect([readFileSync(backup, 'utf8'), modeOf(backup)]).toEqual([recordText('a', 'one'), '600'])
    }
  })

  it('is followed where it is the folder itself', async () => {
    const root = newFolder()
    mkdirSync(join(root, 'real'), { mode: 0o700 })
    symlinkSync(join(root, 'real'), join(root, 'link'))
    const { store, events } = opened(join(root, 'link'))
    await store.set('a', 'one')
    expect([await store.get('a'), readdirSync(join(root, 'real')), events]).toEqual(['one', [fileName('a')], []])
  })

  it.each(['a file', 'a link to nothing'])('is told where it is the folder itself: %s', async (what) => {
    const folder = join(newFolder(), 'state')
    if (what === 'a file') writeFileSync(folder, 'mine')
    else symlinkSync('/nowhere/at/all', folder)
    const { store } = opened(folder)
    await expect(store.set('a', 'one')).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining(`The file store cannot open ${folder} (`),
    })
    expect(readdirSync(join(folder, '..'))).toEqual(['state'])
  })
})

describe('a file that is', () => {
  const whole = recordText('a', secret)

  it('cut at any byte counts as absent, is kept and told', async () => {
    const folder = newFolder()
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(pathOf(folder), whole.slice(0, length), { mode: 0o600 })
      const { store, events } = opened(folder)
      expect(await store.get('a')).toBeUndefined()
      expect(events).toMatchObject([{ type: 'store_set_aside', reason: length === 0 ? 'empty' : 'cut or not JSON' }])
      expectNoMarker(events)
    }
    const kept = asideIn(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(kept.sort()).toEqual(Array.from({ length: whole.length }, (_, length) => whole.slice(0, length)).sort())
    await opened(folder).store.set('a', 'new')
    expect(await opened(folder).store.get('a')).toBe('new')
  })

  it.each([
    ['null', 'not a file of this store'],
    ['[]', 'not a file of this store'],
    ['"a"', 'not a file of this store'],
    ['{}', 'not a file of this store'],
    ['{"version":0,"key":"a","value":"x"}', 'not a file of this store'],
    ['{"version":"1","key":"a","value":"x"}', 'not a file of this store'],
    ['{"version":1,"key":"a","value":5}', 'not a file of this store'],
    ['{"version":1,"key":"a"}', 'not a file of this store'],
    ['{"version":1,"key":"b","value":"x"}', 'of another key'],
    ['{"version":1,"value":"x","__proto__":{"key":"a"}}', 'of another key'],
    ['\u0000'.repeat(100), 'cut or not JSON'],
    ['['.repeat(100_000), 'cut or not JSON'],
    [recordText('a', 'x'.repeat(largestFile)), 'larger than 4 MiB'],
  ])('foreign is set aside by whoever meets it first: %#', async (text, reason) => {
    for (const method of ['get', 'keys', 'set', 'delete'] as const) {
      const folder = newFolder()
      writeFileSync(pathOf(folder), text, { mode: 0o600 })
      const { store, events } = opened(folder)
      await store[method]('a', 'mine')
      expect(events).toMatchObject([{ type: 'store_set_aside', reason }])
      expect(asideIn(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual([text])
      expect(await store.get('a')).toBe(method === 'set' ? 'mine' : undefined)
    }
  })

  it('of a newer version is left alone', async () => {
    const folder = newFolder()
    const newer = JSON.stringify({ version: 2, key: 'a', sealed: 'in some way' })
    writeFileSync(pathOf(folder), newer, { mode: 0o600 })
    const { store, events } = opened(folder)
    const works = [
      store.get('a'),
      store.set('a', 'mine'),
      store.delete('a'),
      store.withLock('a', () => store.set('a', 'mine')),
    ]
    for (const work of works) {
      await expect(work).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining(`The file ${pathOf(folder)} was written by a newer version`),
        retryable: false,
      })
    }
    expect(await store.keys('')).toEqual(['a'])
    expect([readFileSync(pathOf(folder), 'utf8'), events]).toEqual([newer, []])
  })

  it.each([true, false])('replaced in the moment in which it is set aside stays (with links: %s)', async (hasLinks) => {
    const folder = newFolder()
    const path = await filled(folder)
    const good = readFileSync(path)
    writeFileSync(path, 'cut', { mode: 0o600 })
    const fs = process.getBuiltinModule('node:fs/promises')
    const rename = fs.rename
    const spy = vi.spyOn(fs, 'rename').mockImplementationOnce(async (from, to) => {
      rmSync(path)
      writeFileSync(path, good, { mode: 0o600 })
      await rename(from, to)
    })
    onTestFinished(() => void spy.mockRestore())
    const link = vi.spyOn(fs, 'link')
    if (!hasLinks) link.mockRejectedValue(Object.assign(new Error('no links'), { code: 'EPERM' }))
    onTestFinished(() => void link.mockRestore())
    const { store, events } = opened(folder)
    expect([await store.get('a'), events, readdirSync(folder)]).toEqual(['one', [], [fileName('a')]])
  })

  it('too large to read is not written either', async () => {
    const folder = newFolder()
    const { store } = opened(folder)
    await store.set('a', 'one')
    await expect(store.set('a', '\n'.repeat(largestFile / 2))).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('is larger than 4 MiB.'),
    })
    expect([await store.get('a'), readdirSync(folder)]).toEqual(['one', [fileName('a')]])
  })
})

describe('a disk that fails', () => {
  const fs = process.getBuiltinModule('node:fs/promises')
  afterEach(() => {
    vi.restoreAllMocks()
  })
  const failing = (code: string) => Object.assign(new Error(`${code}: ${secret}`), { code })
  const steps = ['open', 'chmod', 'writeFile', 'sync', 'rename'] as const

  /** Makes one step of the next write fail. */
  function fail(step: (typeof steps)[number], code: string): void {
    if (step === 'rename') {
      vi.spyOn(fs, 'rename').mockRejectedValueOnce(failing(code))
      return
    }
    const open = fs.open
    vi.spyOn(fs, 'open').mockImplementation(async (path, flags, mode) => {
      const isWrite = String(path).endsWith('.tmp')
      if (isWrite && step === 'open') throw failing(code)
      const file = await open(path, flags, mode)
      if (isWrite && step !== 'open') vi.spyOn(file, step).mockRejectedValue(failing(code))
      return file
    })
  }

  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENAMETOOLONG'])(
    'leaves the old value, and says what to do: %s',
    async (code) => {
      for (const step of steps) {
        for (const isLocked of [false, true]) {
          const folder = newFolder()
          await filled(folder, 'old')
          const { store } = opened(folder)
          const write = async () => {
            fail(step, code)
            await store.set('a', secret)
          }
          const error = await (isLocked ? store.withLock('a', write) : store.get('a').then(write)).catch(
            (caught) => caught,
          )
          vi.restoreAllMocks()
          expect(error).toMatchObject({
            code: 'store_failed',
            message: expect.stringContaining(`The file store cannot write ${pathOf(folder)} (${code}).`),
            hint: expect.stringMatching(/.{10}/),
            retryable: /ENOSPC|EDQUOT|EIO|EMFILE/.test(code),
          })
          expectNoMarker(error)
          expect([await store.get('a'), readdirSync(folder)]).toEqual(['old', [fileName('a')]])
          await store.set('a', 'new')
          expect(await store.get('a')).toBe('new')
        }
      }
    },
  )

  it('is told when a lock cannot be made', async () => {
    const folder = newFolder()
    await filled(folder)
    const { store } = opened(folder)
    vi.spyOn(fs, 'mkdir').mockRejectedValue(failing('EROFS'))
    await expect(store.withLock('a', async () => 'in')).rejects.toMatchObject({
      message: expect.stringContaining('cannot'),
      code: 'store_failed',
    })
    vi.restoreAllMocks()
    expect(await store.withLock('a', async () => 'in')).toBe('in')
    expect(readdirSync(folder)).toEqual([fileName('a')])
  })

  it('keeps no lock that it could not give back', async () => {
    const folder = newFolder()
    const { store } = opened(folder)
    const result = await store.withLock('a', async () => {
      vi.spyOn(fs, 'rename').mockRejectedValueOnce(failing('EIO'))
      return 'done'
    })
    expect([result, readdirSync(folder)]).toEqual(['done', [`${fileName('a')}.lock`]])
    expect(await store.withLock('a', async () => 'in')).toBe('in')
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('what dead processes leave', () => {
  const old = new Date(Date.now() - 4_000_000)
  const [place = ''] = newMark().split('-')
  const dead = `${place}-${process.pid}-1-${'0'.repeat(16)}`
  const elsewhere = newMark().replace(place, 'ffffffffffff')

  it('is removed at the first use, and nothing else', async () => {
    const folder = newFolder()
    await filled(folder)
    const leave = (name: string, time?: Date) => {
      const path = join(folder, `${fileName('a')}.${name}`)
      if (name.endsWith('.tmp')) writeFileSync(path, secret)
      else mkdirSync(path, { recursive: true })
      if (time) utimesSync(path, time, time)
      return path
    }
    const gone = [
      leave(`${dead}.tmp`),
      leave(`${dead}.new/${dead}`),
      leave(`lock/${dead}`),
      leave(`lock/${newMark()}.over`),
      leave(`${elsewhere}.tmp`, old),
    ]
    const live = `${elsewhere.slice(0, -1)}0`
    const kept = [leave(`${newMark()}.tmp`, old), leave(`${live}.new`), leave('corrupt-x/y'), leave('mine.tmp')]
    const other = join(folder, `${fileName('b')}.lock`)
    mkdirSync(join(other, live), { recursive: true })
    const { store } = opened(folder)
    expect(await store.get('a')).toBe('one')
    for (const path of gone) expect([path, existsSync(path)]).toEqual([path, false])
    for (const path of [...kept, join(other, live)]) expect([path, existsSync(path)]).toEqual([path, true])
    expect(existsSync(join(folder, `${fileName('a')}.lock`))).toBe(false)
  })
})
