import fs, {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { PentauthError } from '../src/index.ts'
import { textFile } from '../src/text-file.ts'

// When a file is read again, with a clock that the test moves; what that means for keys is in key-file.test.ts.

const folder = mkdtempSync(join(tmpdir(), 'pentauth-text-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function reader(text: string) {
  const path = join(folder, String(++files))
  writeFileSync(path, text)
  let now = 1000
  const failed = (why: string) => new PentauthError({ code: 'source_failed', message: why })
  const read = textFile(path, { limit: 100, failed, clock: () => now })
  const later = (seconds: number) => {
    now += seconds
  }
  /** Past the time in which a change might not show. */
  const settle = () => {
    read()
    later(2)
    read()
  }
  return { path, read, later, settle }
}

/** How often files were opened by `work`. */
function openedBy(work: () => void): number {
  const open = vi.spyOn(fs, 'openSync')
  syncBuiltinESMExports()
  try {
    work()
    return open.mock.calls.length
  } finally {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  }
}
afterEach(() => void vi.restoreAllMocks())

describe('a file that does not change', () => {
  it('is read at each use for two seconds and never again', () => {
    const { read, later } = reader('one')
    expect(openedBy(read)).toBe(1)
    expect(openedBy(read)).toBe(1)
    later(1.9)
    expect(openedBy(read)).toBe(1)
    later(0.1)
    expect(openedBy(read)).toBe(1)
    expect(openedBy(read)).toBe(0)
    later(1_000_000)
    expect(openedBy(() => expect(read()).toBe('one'))).toBe(0)
  })
})

describe('a file that was read long ago is read again after', () => {
  const changes: Record<string, (path: string) => void> = {
    'a rewrite in place': (path) => writeFileSync(path, 'two'),
    'a rewrite with the old time of modification': (path) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, 'two')
      utimesSync(path, atime, mtime)
      expect(statSync(path).mtimeMs).toBe(mtime.getTime())
    },
    'a rename over it': (path) => {
      writeFileSync(`${path}.new`, 'two')
      renameSync(`${path}.new`, path)
    },
    'a rename of one with the same size and times': (path) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(`${path}.new`, 'two')
      utimesSync(`${path}.new`, atime, mtime)
      renameSync(`${path}.new`, path)
    },
    'a symbolic link in its place': (path) => {
      writeFileSync(`${path}.target`, 'two')
      rmSync(path)
      symlinkSync(`${path}.target`, path)
    },
  }
  it.each(Object.keys(changes))('%s', (name) => {
    const { path, read, settle } = reader('one')
    settle()
    // Later than the platform's coarsest stamp of its own.
    const { ctimeMs } = statSync(path)
    while (Date.now() < ctimeMs + 20);
    changes[name]?.(path)
    expect(read()).toBe('two')
  })

  it('each of many rewrites, however fast they follow each other', () => {
    const { path, read } = reader('start')
    for (let round = 1000; round < 1500; round++) {
      writeFileSync(path, String(round))
      expect(read()).toBe(String(round))
    }
  })

  it('two changes that carry the same stamp', () => {
    const { path, read, later } = reader('one')
    expect(read()).toBe('one')
    writeFileSync(path, 'two')
    const stamp = statSync(path, { bigint: true })
    // The platform as if both changes had happened at once; nobody can set the time of the last change of state.
    vi.spyOn(fs, 'fstatSync').mockReturnValue(stamp as never)
    vi.spyOn(fs, 'statSync').mockReturnValue(stamp as never)
    syncBuiltinESMExports()
    try {
      expect(read()).toBe('two')
      writeFileSync(path, 'six')
      later(1.9)
      expect(read()).toBe('six')
      writeFileSync(path, 'ten')
      later(0.2)
      expect(read()).toBe('ten')
    } finally {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    }
  })
})

describe('what is there instead', () => {
  it('nothing', () => {
    const { path, read } = reader('one')
    rmSync(path)
    expect(read()).toBeUndefined()
    writeFileSync(path, 'two')
    expect(read()).toBe('two')
  })

  it('nothing, between the look and the opening', () => {
    const { path, read } = reader('one')
    const stamp = statSync(path, { bigint: true })
    rmSync(path)
    vi.spyOn(fs, 'statSync').mockReturnValue(stamp as never)
    syncBuiltinESMExports()
    try {
      expect(read()).toBeUndefined()
    } finally {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    }
  })

  it('a file at the limit, and one beyond it', () => {
    const { path, read } = reader('x'.repeat(100))
    expect(read()).toHaveLength(100)
    writeFileSync(path, 'x'.repeat(101))
    expect(read).toThrow('larger than')
  })

  it('a directory', () => {
    const { path, read } = reader('one')
    rmSync(path)
    mkdirSync(path)
    expect(read).toThrow('a directory and not a file')
  })

  it('a link that leads to itself', () => {
    const { path, read } = reader('one')
    rmSync(path)
    symlinkSync(path, path)
    expect(read).toThrow('ELOOP')
  })

  it.skipIf(!fs.existsSync('/proc/self/fd'))('no descriptor is left open (seen on Linux)', () => {
    const { path, read } = reader('x'.repeat(101))
    const open = () => fs.readdirSync('/proc/self/fd').length
    const before = open()
    for (let round = 0; round < 20; round++) expect(read).toThrow('larger than')
    expect(open()).toBe(before)
    expect(readFileSync(path, 'utf8')).toHaveLength(101)
  })
})
