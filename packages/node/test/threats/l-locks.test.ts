import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threat } from '@pentauth/tooling/threat'
import { type StartOptions, startProcess } from '../support/store-process.ts'

// Rows of docs/threats.md about processes that share a folder.

type Format = NonNullable<StartOptions['format']>

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-threat-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const processes = 8
const updates = process.env.PENTAUTH_LAB === '1' ? 1_000 : 25

threat('L6', 'processes change one value at the same time', {
  ours: 'esm',
  twin: 'unlocked',
  attack: (format: Format) =>
    inFolder(async (folder) => {
      const all = await Promise.all(Array.from({ length: processes }, () => startProcess(folder, { format })))
      await Promise.all(all.map((one) => one.do('count', 'a', updates)))
      return Number(await all[0]?.do('get', 'a'))
    }),
  breaches: (counted) =>
    counted === processes * updates ? [] : [`${processes * updates - counted} of ${processes * updates} updates lost`],
})

threat('L7', 'who has the lock is stopped for a while, or dead', {
  ours: 'esm',
  twin: 'aged',
  attack: (format: Format) =>
    inFolder(async (folder) => {
      const [holder, other] = await Promise.all([startProcess(folder, { format }), startProcess(folder, { format })])
      await holder.do('hold', 'a')
      await holder.do('set', 'a', 'before')
      await holder.signal('SIGSTOP')
      const taken = other.do('hold', 'a').then(() => true)
      const isRobbed = await Promise.race([taken, pause(2_500).then(() => false)])
      await other.do('set', 'b', 'lives')
      if (isRobbed) await other.do('set', 'a', 'next')
      await holder.signal('SIGCONT')
      await holder.do('set', 'a', 'after').catch(() => undefined)
      const value = await other.do('get', 'a')
      // The one that has it now is killed.
      const next = isRobbed ? holder : other
      if (!isRobbed) {
        await holder.do('release', 'a')
        await taken
      }
      await other.signal('SIGKILL')
      const last = next === other ? await startProcess(folder, { format }) : holder
      const isRecovered = await Promise.race([last.do('take', 'a').then(() => true), pause(10_000).then(() => false)])
      return { isRobbed, value, isRecovered }
    }),
  breaches: ({ isRobbed, value, isRecovered }) => [
    ...(isRobbed ? ['a live holder lost its lock'] : []),
    ...(value === (isRobbed ? 'next' : 'after') ? [] : [`then there was ${value}`]),
    ...(isRecovered ? [] : ['nobody gets the lock of a dead process']),
  ],
})
