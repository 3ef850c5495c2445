import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lock, PentauthError, type Store } from '@pentauth/core'
import { threat } from '@pentauth/tooling/threat'
import { fileName } from '../../src/file-record.ts'
import { fileStore } from '../../src/index.ts'
import { openFileStore } from '../../src/opened-file-store.ts'
import { watchSteps } from './support/file-steps.mjs'
import { plainStore, tempStore } from './support/plain-store.mjs'

// Rows of docs/threats.md about credentials on a disk.

interface Subject {
  readonly kind: 'ours' | 'plain'
  readonly open: (folder: string) => Store & { readonly withLock: Lock }
  /** Where the value of `a` is. */
  readonly file: string
}
const ours: Subject = { kind: 'ours', open: (folder) => openFileStore(folder), file: fileName('a') }
const plain: Subject = { kind: 'plain', open: plainStore, file: 'a.json' }

/** Does something in a folder of its own. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'pentauth-threat-'))
  try {
    return await work(join(root, 'state'))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** What a promise came to: a value, the code of an error of ours, or what should not be. */
async function said(work: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no end'), 3_000)
  })
  const done = Promise.resolve()
    .then(work)
    .then(String, (error: unknown) => (PentauthError.isInstance(error) ? error.code : `untyped ${error}`))
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

/** An attack that does not find its steps proves nothing about ours. */
function checkCount({ kind }: Subject, found: readonly unknown[], least: number): void {
  if (kind === 'ours' && found.length < least) throw new RangeError(`only ${found.length} steps`)
}

const isLeftOver = (name: string) => /\.(?:tmp|new|lock)$/.test(name)
const changes = ['set', 'delete', 'locked set', 'locked delete'] as const
const program = join(import.meta.dirname, 'support', 'dying-process.mjs')

/** All that was in the folder of `a` when somebody looked again. */
async function lookAgain(subject: Subject, folder: string): Promise<readonly string[]> {
  const store = subject.open(folder)
  const value = await said(() => store.get('a'))
  const locked = await said(() => store.withLock('a', () => store.get('a')))
  return [value, locked, ...readdirSync(folder).filter(isLeftOver)]
}

threat('L1', 'a process dies at every step of a change', {
  ours,
  twin: plain,
  attack: (subject: Subject) =>
    inFolder(async (folder) => {
      const found: { readonly what: string; readonly seen: readonly string[] }[] = []
      for (const what of changes) {
        let isOver = false
        for (let step = 1; !isOver && step < 100; step += 1) {
          rmSync(folder, { recursive: true, force: true })
          await subject.open(folder).set('a', 'old')
          const { signal, status } = spawnSync(process.execPath, [program, folder, subject.kind, what, String(step)])
          isOver = signal === null && status === 0
          if (!isOver) found.push({ what: `${what}, step ${step}`, seen: await lookAgain(subject, folder) })
        }
      }
      checkCount(subject, found, 40)
      return found
    }),
  breaches: (found) =>
    found.flatMap(({ what, seen: [value = '', locked, ...left] }) => [
      ...(['old', what.includes('set') ? 'new' : 'undefined'].includes(value) ? [] : [`${what}: ${value}`]),
      ...(locked === value ? [] : [`${what}: in the lock ${locked}`]),
      ...left.map((name) => `${what}: ${name}`),
    ]),
})

threat('L2', 'the disk fails at every step of a change', {
  ours,
  twin: plain,
  attack: async (subject: Subject) => {
    const found: { readonly what: string; readonly result: string; readonly seen: readonly string[] }[] = []
    for (const code of ['ENOSPC', 'EIO', 'EACCES', 'EROFS']) {
      for (const what of changes) {
        let isReached = true
        for (let step = 1; isReached && step < 100; step += 1) {
          await inFolder(async (folder) => {
            await subject.open(folder).set('a', 'old')
            const store = subject.open(folder)
            const work = () => (what.includes('set') ? store.set('a', 'new') : store.delete('a'))
            isReached = false
            const stop = await watchSteps((count) => {
              if (count !== step) return
              isReached = true
              throw Object.assign(new Error('the disk'), { code })
            })
            const result = await said(() => (what.includes('locked') ? store.withLock('a', work) : work())).finally(
              stop,
            )
            found.push({ what: `${code}, ${what}, step ${step}`, result, seen: await lookAgain(subject, folder) })
          })
        }
      }
    }
    checkCount(subject, found, 160)
    return found
  },
  breaches: (found) =>
    found.flatMap(({ what, result, seen: [value = '', locked, ...left] }) => {
      const changed = what.includes('set') ? 'new' : 'undefined'
      return [
        ...(['undefined', 'store_failed'].includes(result) ? [] : [`${what}: ${result}`]),
        ...((result === 'undefined' ? [changed] : ['old', changed]).includes(value) ? [] : [`${what}: then ${value}`]),
        ...(locked === value ? [] : [`${what}: in the lock ${locked}`]),
        ...left.map((name) => `${what}: ${name}`),
      ]
    }),
})

const whole = (key: string, value: string) => JSON.stringify({ version: 1, key, value })
const rounds = process.env.PENTAUTH_LAB === '1' ? 20_000 : 2_000

/** A whole file with something done to it; the same on every run. */
function spoilt(round: number): Buffer {
  const bytes = Buffer.from(whole('a', 'value '.repeat(5)))
  let state = round * 2_654_435_761 + 1
  const dice = (sides: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % sides
  }
  for (let times = dice(4) + 1; times > 0; times -= 1) bytes[dice(bytes.length)] = dice(256)
  return dice(2) ? bytes : bytes.subarray(0, dice(bytes.length))
}

const rubbish: Readonly<Record<string, (path: string) => void>> = {
  ...Object.fromEntries(
    Array.from(whole('a', 'x'), (_, length) => [
      `cut at ${length}`,
      (path: string) => writeFileSync(path, whole('a', 'x').slice(0, length)),
    ]),
  ),
  'of a later version': (path) => writeFileSync(path, JSON.stringify({ version: 99, key: 'a', sealed: 'x' })),
  'of another key': (path) => writeFileSync(path, whole('b', 'x')),
  'brackets without end': (path) => writeFileSync(path, '['.repeat(200_000)),
  'a gigabyte': (path) => {
    writeFileSync(path, '')
    truncateSync(path, 1024 ** 3)
  },
  'a pipe': (path) => execFileSync('mkfifo', ['-m', '600', path]),
}

threat('L3', 'what is there is cut, foreign, huge or no file', {
  ours,
  twin: plain,
  attack: async (subject: Subject) => {
    const found: { readonly what: string; readonly got: string; readonly kept: boolean }[] = []
    for (const [what, make] of Object.entries(rubbish)) {
      await inFolder(async (folder) => {
        mkdirSync(folder, { mode: 0o700 })
        const path = join(folder, subject.file)
        make(path)
        const { ino } = statSync(path)
        const store = subject.open(folder)
        const got = await said(() => store.get('a'))
        // Whoever still waits for somebody to write to a pipe.
        if (what === 'a pipe') closeSync(openSync(join(folder, readdirSync(folder)[0] ?? ''), constants.O_RDWR))
        else await said(() => store.set('a', 'new'))
        const isKept = readdirSync(folder).some((name) => {
          const now = statSync(join(folder, name))
          return now.ino === ino && (name !== subject.file || what === 'of a later version')
        })
        found.push({ what, got, kept: isKept })
      })
    }
    await inFolder(async (folder) => {
      mkdirSync(folder, { mode: 0o700 })
      const store = subject.open(folder)
      for (let round = 0; round < rounds; round += 1) {
        writeFileSync(join(folder, subject.file), spoilt(round), { mode: 0o600 })
        found.push({ what: `spoilt ${round}`, got: await said(() => store.get('a')), kept: true })
      }
    })
    return found
  },
  breaches: (found) =>
    found.flatMap(({ what, got, kept }) => [
      ...(got === 'no end' || got.startsWith('untyped') ? [`${what}: ${got.slice(0, 60)}`] : []),
      ...(what.startsWith('spoilt') || got === (what === 'of a later version' ? 'store_failed' : 'undefined')
        ? []
        : [`${what}: taken for ${got.slice(0, 20)}`]),
      ...(kept ? [] : [`${what}: lost`]),
    ]),
})

threat('L4', 'others can read what is kept', {
  ours,
  twin: plain,
  attack: (subject: Subject) =>
    inFolder(async (folder) => {
      const modes: Record<string, number> = {}
      const intrusions: string[] = []
      const path = join(folder, subject.file)
      const look = (when: string) => {
        modes[`folder ${when}`] = statSync(folder).mode & 0o777
        modes[`file ${when}`] = statSync(path).mode & 0o777
      }
      const mask = process.umask(0)
      try {
        await subject.open(folder).set('a', 'one')
        look('with mask 0')
        for (const loose of [0o755, 0o770, 0o777]) {
          chmodSync(folder, loose)
          chmodSync(path, loose & 0o666)
          await said(() => subject.open(folder).get('a'))
          look(`found as ${loose.toString(8)}`)
          chmodSync(path, loose & 0o666)
          await subject.open(folder).set('a', 'two')
          look(`written over ${loose.toString(8)}`)
        }
        // What belongs to others too: neither may a value be put there, nor may they be locked out.
        for (const shared of [0o755, 0o777, 0o1777]) {
          const place = join(folder, '..', `shared ${shared.toString(8)}`)
          mkdirSync(place)
          writeFileSync(join(place, 'somebody.txt'), 'theirs')
          chmodSync(place, shared)
          await said(() => subject.open(place).get('a'))
          await said(() => subject.open(place).set('a', 'one'))
          if ((statSync(place).mode & 0o7777) !== shared) intrusions.push(`${shared.toString(8)}: the mode is another`)
          if (readdirSync(place).length > 1) intrusions.push(`${shared.toString(8)}: a value is in it`)
        }
      } finally {
        process.umask(mask)
      }
      return { modes, intrusions }
    }),
  breaches: ({ modes, intrusions }) => [
    ...Object.entries(modes)
      .filter(([, mode]) => (mode & 0o077) !== 0)
      .map(([what, mode]) => `${what}: ${mode.toString(8)}`),
    ...intrusions,
  ],
})

const planted = whole('a', 'planted')
/** What a second name could be given to; a value of ours under two names is what a backup makes. */
const notes = 'notes of somebody'

threat('L5', 'a link is planted where something will be written', {
  ours,
  twin: { ...plain, open: tempStore } satisfies Subject,
  attack: async (subject: Subject) => {
    const found: { readonly what: string; readonly isChanged: boolean; readonly got: string }[] = []
    const places = ['', '.tmp', '.new', '.lock', `.${process.pid}.tmp`]
    for (const place of places) {
      for (const plant of [symlinkSync, linkSync]) {
        for (const isLocked of [false, true]) {
          await inFolder(async (folder) => {
            mkdirSync(folder, { mode: 0o700 })
            const victim = join(folder, '..', 'victim')
            const before = plant === symlinkSync ? planted : notes
            writeFileSync(victim, before, { mode: 0o600 })
            plant(victim, join(folder, subject.file + place))
            const store = subject.open(folder)
            const got = await said(() => store.get('a'))
            await said(() => (isLocked ? store.withLock('a', () => store.set('a', 'mine')) : store.set('a', 'mine')))
            const what = `${plant.name} at "${place}"${isLocked ? ' in a lock' : ''}`
            found.push({
              what,
              isChanged: readFileSync(victim, 'utf8') !== before,
              got: `${got}, ${await said(() => store.get('a'))}`,
            })
          })
        }
      }
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ what, isChanged, got }) => [
      ...(isChanged ? [`${what}: the victim is changed`] : []),
      ...(got === 'undefined, mine' ? [] : [`${what}: ${got}`]),
    ]),
})

interface Home {
  readonly open: (env: Record<string, string>, folder?: string) => Store
}
/** Where there is no home, any place will do. */
const anywhere: Home = {
  open: (env, folder) =>
    plainStore(folder ?? join(env.PENTAUTH_HOME ?? env.HOME ?? tmpdir(), 'pentauth-threat-anywhere')),
}

threat('L8', 'there is no home, or it cannot be written', {
  ours: { open: (env, folder) => fileStore({ env, folder }) } satisfies Home as Home,
  twin: anywhere,
  attack: (home: Home) =>
    inFolder(async (folder) => {
      const os = process.getBuiltinModule('node:os')
      const { userInfo } = os
      // As in a container whose user is in no list.
      os.userInfo = (() => {
        throw Object.assign(new Error('no such user'), { code: 'ENOENT' })
      }) as typeof userInfo
      const outcomes: Record<string, string> = {}
      try {
        for (const [what, env] of Object.entries({ none: {}, empty: { HOME: '' }, relative: { HOME: 'home' } })) {
          outcomes[what] = await said(async () => home.open(env as Record<string, string>).set('a', 'secret'))
        }
      } finally {
        os.userInfo = userInfo
      }
      mkdirSync(folder, { mode: 0o700 })
      const stop = await watchSteps((step) => {
        if (step > 0) throw Object.assign(new Error('read-only'), { code: 'EROFS' })
      })
      outcomes['read-only'] = await said(() => home.open({}, folder).set('a', 'secret')).finally(stop)
      const elsewhere = [join(tmpdir(), 'pentauth-threat-anywhere'), 'home', 'pentauth-threat-anywhere']
      const strays = elsewhere.filter((path) => existsSync(path))
      for (const path of strays) rmSync(path, { recursive: true })
      return { outcomes, strays }
    }),
  breaches: ({ outcomes, strays }) => [
    ...Object.entries(outcomes)
      .filter(([, outcome]) => outcome !== 'store_failed')
      .map(([what, outcome]) => `${what}: ${outcome}`),
    ...strays,
  ],
})
