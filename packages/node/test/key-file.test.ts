// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in paths
import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { pensyve } from '@pentauth/core/services'
import { caught, testKey } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createAuth, envKey, firstOf, keyFile, type PentauthEvent } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-key-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = promisify(execFile)

const keys = { one: testKey.pensyve('one'), two: testKey.pensyve('two'), three: testKey.pensyve('three') }
/** A key by its name in `keys`, so that no failing assertion prints one. */
const nameOf = (key: string) => Object.entries(keys).find(([, value]) => value === key)?.[0] ?? 'another text'

let files = 0
const newPath = () => join(folder, `key-${++files}`)

/** An `Auth` on a key file, and what it tells. */
function holder(path: string, text: string = keys.one) {
  writeFileSync(path, text)
  return watching(path)
}
function watching(path: string) {
  const events: PentauthEvent[] = []
  const auth = createAuth(pensyve, { env: {}, credential: keyFile(path), onEvent: (event) => events.push(event) })
  const switches = () => events.filter(({ type }) => type === 'key_switched')
  const kept = () => events.flatMap((event) => (event.type === 'key_kept' ? event.reason : []))
  return { auth, events, switches, kept, held: async () => nameOf((await auth.credential()).secret.reveal()) }
}

describe('a key in a file', () => {
  it.each([
    ['alone', keys.one],
    ['with a line end', `${keys.one}\n`],
    ['with the line end of Windows', `${keys.one}\r\n`],
    ['behind a byte order mark', `\uFEFF${keys.one}\n`],
    ['among white space', `\n  ${keys.one} \n\n`],
  ])('%s', async (_name, text) => {
    const path = newPath()
    const { auth } = holder(path, text)
    const credential = await auth.credential()
    expect(nameOf(credential.secret.reveal())).toBe('one')
    expect(credential.source).toBe(path)
  })

  it('by a path that refers to a variable', async () => {
    writeFileSync(join(folder, 'by-variable'), keys.one)
    const credential = keyFile('${SECRETS}/by-variable', { env: { SECRETS: folder } })
    const found = await createAuth(pensyve, { env: {}, credential }).credential()
    expect(found.source).toBe(`${folder}/by-variable (from SECRETS)`)
  })

  it('by a path from the working directory or the home directory', async () => {
    const { held } = holder(relative(process.cwd(), newPath()))
    expect(await held()).toBe('one')
    const path = relative(homedir(), newPath())
    writeFileSync(join(homedir(), path), keys.two)
    expect(await watching(`~/${path}`).held()).toBe('two')
  })

  it('is checked as every key', async () => {
    const { auth } = holder(newPath(), testKey.pendra())
    const error = await caught(auth.credential())
    expect(error.message).toContain(`from ${folder}/key-${files} looks like a Pendra API key`)
  })
})

describe('another key in the file is used from the next request on', () => {
  const changes: Record<string, (path: string, key: string) => void> = {
    'written in place': (path, key) => writeFileSync(path, key),
    'written in place, with the old time of modification': (path, key) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, key)
      utimesSync(path, atime, mtime)
    },
    'renamed over it': (path, key) => {
      writeFileSync(`${path}.new`, key)
      renameSync(`${path}.new`, path)
    },
    'renamed over it, with the same size and times': (path, key) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(`${path}.new`, key)
      utimesSync(`${path}.new`, atime, mtime)
      renameSync(`${path}.new`, path)
    },
  }

  describe.each(Object.keys(changes))('%s', (name) => {
    const change = changes[name] as (path: string, key: string) => void

    it('twice in a row, and an event tells both', async () => {
      const path = newPath()
      const { held, switches, auth } = holder(path)
      const first = await auth.credential()
      change(path, keys.two)
      expect(await held()).toBe('two')
      change(path, keys.three)
      expect(await held()).toBe('three')
      await vi.waitFor(() => expect(switches()).toHaveLength(2))
      const fingerprint = await first.secret.fingerprint(crypto)
      expect(switches()).toMatchObject([
        { from: { source: path, fingerprint }, to: { source: path }, reason: 'changed' },
        { from: {}, to: {}, reason: 'changed' },
      ])
    })

    it('back to the first one', async () => {
      const path = newPath()
      const { held } = holder(path)
      for (const next of ['one', 'two', 'one', 'three', 'one'] as const) {
        change(path, keys[next])
        expect(await held()).toBe(next)
      }
    })
  })

  it('unnoticed, when the old one is back before anybody looks', async () => {
    const path = newPath()
    const { held, switches } = holder(path)
    await held()
    writeFileSync(path, keys.two)
    writeFileSync(path, keys.one)
    expect(await held()).toBe('one')
    expect(switches()).toEqual([])
  })
})

describe('a secret mounted by Kubernetes', () => {
  /** The layout of a mounted secret: the file is a link through `..data`, which is swapped for another folder at once. */
  function mounted() {
    const root = join(folder, `mount-${++files}`)
    mkdirSync(root)
    let version = 0
    const swap = (key: string) => {
      const next = `..2026_${++version}`
      mkdirSync(join(root, next))
      writeFileSync(join(root, next, 'key'), key)
      symlinkSync(next, join(root, '..data_tmp'))
      renameSync(join(root, '..data_tmp'), join(root, '..data'))
      if (version > 1) rmSync(join(root, `..2026_${version - 1}`), { recursive: true })
    }
    swap(keys.one)
    symlinkSync('..data/key', join(root, 'key'))
    return { path: join(root, 'key'), swap }
  }

  it('is followed through every swap', async () => {
    const { path, swap } = mounted()
    const { held, switches } = watching(path)
    for (const name of ['one', 'two', 'three', 'one', 'two'] as const) {
      swap(keys[name])
      expect(await held()).toBe(name)
    }
    await vi.waitFor(() => expect(switches()).toHaveLength(4))
  })

  it('is followed through two swaps between two requests', async () => {
    const { path, swap } = mounted()
    const { held } = watching(path)
    expect(await held()).toBe('one')
    swap(keys.two)
    swap(keys.three)
    expect(await held()).toBe('three')
    swap(keys.two)
    swap(keys.three)
    expect(await held()).toBe('three')
  })
})

describe('a file that is of no use for a while leaves the known key in use', () => {
  it('emptied, then half written, then whole', async () => {
    const path = newPath()
    const { held, kept, switches } = holder(path)
    expect(await held()).toBe('one')
    truncateSync(path)
    expect(await held()).toBe('one')
    appendFileSync(path, keys.two.slice(0, 3))
    expect(await held()).toBe('one')
    appendFileSync(path, keys.two.slice(3))
    expect(await held()).toBe('two')
    expect(kept()).toEqual([
      'the file is empty',
      expect.stringContaining(`The Pensyve API key from ${path} does not begin with "psy_".`),
    ])
    await vi.waitFor(() => expect(switches()).toHaveLength(1))
  })

  it('deleted, and told once until it is back', async () => {
    const path = newPath()
    const { held, kept } = holder(path)
    await held()
    rmSync(path)
    for (const _ of [1, 2, 3]) expect(await held()).toBe('one')
    expect(kept()).toEqual(['no such file'])
    writeFileSync(path, keys.two)
    expect(await held()).toBe('two')
    rmSync(path)
    expect(await held()).toBe('two')
    expect(kept()).toEqual(['no such file', 'no such file'])
  })

  it('replaced by a directory', async () => {
    const path = newPath()
    const { held, kept } = holder(path)
    await held()
    rmSync(path)
    mkdirSync(path)
    expect(await held()).toBe('one')
    expect(kept()[0]).toContain('cannot be read (a directory and not a file)')
  })
})

describe('a file that cannot be read', () => {
  const failure = async (path: string) => {
    const error = await caught(watching(path).auth.credential())
    expect(error).toMatchObject({ code: 'source_failed' })
    return error.message.replace(path, '<path>')
  }

  it('is a directory', async () => {
    expect(await failure(folder)).toBe(
      'The key file <path> cannot be read (a directory and not a file). Give the path of the file in it.',
    )
  })

  it.skipIf(process.platform === 'win32')('is a pipe that nobody writes to (Windows has none)', async () => {
    const path = newPath()
    execFileSync('sh', ['-c', 'mkfifo "$0"', path])
    expect(await failure(path)).toBe(
      'The key file <path> cannot be read (a pipe and not a file). A pipe is empty after one reading: let keyCommand run the program that writes to it.',
    )
  })

  it('is huge', async () => {
    const path = newPath()
    writeFileSync(path, keys.one.padEnd(65_537))
    expect(await failure(path)).toBe(
      'The key file <path> cannot be read (larger than 64 KiB). A key file holds one key and nothing else.',
    )
  })

  it('is a link to itself', async () => {
    const path = newPath()
    symlinkSync(path, path)
    expect(await failure(path)).toBe('The key file <path> cannot be read (ELOOP). Check the path.')
  })

  const { seteuid, geteuid } = process
  it.skipIf(!seteuid || !geteuid)('is not ours to read (no users on this platform)', async () => {
    const path = newPath()
    writeFileSync(path, keys.one, { mode: 0o000 })
    chmodSync(folder, 0o755)
    const isRoot = geteuid?.() === 0
    const { auth } = watching(path)
    // The superuser may read everything, so the test is somebody else for as long as the file is looked at, which is at once.
    if (isRoot) seteuid?.(65_534)
    const user = geteuid?.()
    const pending = auth.credential()
    if (isRoot) seteuid?.(0)
    const error = await caught(pending)
    expect(error).toMatchObject({ code: 'source_failed' })
    expect(error.message.replace(path, '<path>')).toBe(
      `The key file <path> cannot be read (EACCES). Let this process, which runs as user ${user}, read the file and enter its directories.`,
    )
  })
})

describe('a file that is not there, or empty', () => {
  it.each([
    ['no such file', () => undefined],
    ['the file is empty', (path: string) => writeFileSync(path, ' \n')],
  ])('%s: the chain goes on', async (result, make) => {
    const path = newPath()
    make(path)
    const env = { TEAM_KEY: keys.two }
    const chain = firstOf(keyFile(path), envKey('TEAM_KEY', { env }))
    expect((await createAuth(pensyve, { env: {}, credential: chain }).credential()).source).toBe('TEAM_KEY')
    const error = await caught(createAuth(pensyve, { env: {}, credential: keyFile(path) }).credential())
    expect(error).toMatchObject({ code: 'no_credential' })
    expect(error.tried[0]).toEqual({ source: path, result, next: 'write the key into it' })
  })

  it('is found as soon as it is there, while nothing else was', async () => {
    const path = newPath()
    const { auth, held } = watching(path)
    await caught(auth.credential())
    writeFileSync(path, keys.one)
    expect(await held()).toBe('one')
  })
})

describe('what is no path', () => {
  it.each([
    [undefined, 'needs the path of a file'],
    ['', 'needs the path of a file'],
    ['a\0b', 'was given a path with a zero character'],
    [keys.one, 'was given what looks like a key and not like a path'],
  ])('%#', async (path, flaw) => {
    const error = await caught(() => keyFile(path as string))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain(`keyFile ${flaw}. Give the path of the file that holds the key`)
  })

  it('a reference to a variable that is missing', async () => {
    const credential = keyFile('${SECRETS}/key', { env: {} })
    const error = await caught(createAuth(pensyve, { env: {}, credential }).credential())
    expect(error.message).toContain('The path given to keyFile refers to ${SECRETS}, which is not set.')
  })
})

describe('a variable that names the file', () => {
  it('is told together with the file', async () => {
    const path = newPath()
    writeFileSync(path, `${keys.one}\n`)
    const credential = await createAuth(pensyve, { env: { PENSYVE_API_KEY_FILE: ` ${path}\n` } }).credential()
    expect(nameOf(credential.secret.reveal())).toBe('one')
    expect(credential.source).toBe(`PENSYVE_API_KEY_FILE (${path})`)
  })

  it('may refer to another variable, and change while the program runs', async () => {
    const paths = [newPath(), newPath()] as const
    writeFileSync(paths[0], keys.one)
    writeFileSync(paths[1], keys.two)
    const env: Record<string, string> = { PENSYVE_API_KEY_FILE: '${WHERE}', WHERE: paths[0] }
    const auth = createAuth(pensyve, { env })
    expect((await auth.credential()).source).toBe(`PENSYVE_API_KEY_FILE (from WHERE) (${paths[0]})`)
    env.WHERE = paths[1]
    expect(nameOf((await auth.credential()).secret.reveal())).toBe('two')
  })

  it('in a .env file', async () => {
    const [path, file] = [newPath(), newPath()]
    writeFileSync(path, keys.one)
    writeFileSync(file, `PENSYVE_API_KEY_FILE=${path}`)
    const credential = await createAuth(pensyve, { env: {}, envFile: file }).credential()
    expect(credential.source).toBe(`${file}:1 (${path})`)
  })

  it('and no file there: the next source is used, and an event says so', async () => {
    const [path, file] = [newPath(), newPath()]
    writeFileSync(file, `PENSYVE_API_KEY=${keys.two}`)
    const events: PentauthEvent[] = []
    const env = { PENSYVE_API_KEY_FILE: path }
    const auth = createAuth(pensyve, { env, envFile: file, onEvent: (event) => events.push(event) })
    expect((await auth.credential()).source).toBe(`${file}:1`)
    expect(events).toContainEqual({
      type: 'source_skipped',
      service: 'pensyve',
      resource: 'rest',
      source: 'PENSYVE_API_KEY_FILE',
      reason: `${path}: no such file`,
    })
  })

  it('and no file there, nor anything else: the table says which', async () => {
    const error = await caught(createAuth(pensyve, { env: { PENSYVE_API_KEY_FILE: '/nowhere/key' } }).credential())
    expect(error.message).toContain('- PENSYVE_API_KEY_FILE: /nowhere/key: no such file; write the key into it')
  })

  it('and a key in it by mistake is not repeated', async () => {
    const error = await caught(createAuth(pensyve, { env: { PENSYVE_API_KEY_FILE: keys.one } }).credential())
    expect(error.message).toContain('PENSYVE_API_KEY_FILE was given what looks like a key and not like a path.')
  })
})

describe('a process that holds a key file', () => {
  it('ends by itself', async () => {
    const path = newPath()
    writeFileSync(path, keys.one)
    const code = `import { createAuth, keyFile } from ${JSON.stringify(join(import.meta.dirname, '..', 'dist', 'index.js'))}
import { pensyve } from '@pentauth/core/services'
const auth = createAuth(pensyve, { env: {}, credential: keyFile(process.argv[1]) })
await auth.credential()
globalThis.kept = auth
console.log(process.getActiveResourcesInfo().filter((name) => /FS|Timeout|Stat/.test(name)).length)`
    const options = { cwd: import.meta.dirname, timeout: 60_000 }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code, path], options)
    expect(stdout).toBe('0\n')
  })
})
