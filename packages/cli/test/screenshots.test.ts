import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leakMarker } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { thisProcess } from '../src/host.ts'
import { commandTree } from '../src/program.ts'
import { world } from './support/cli.ts'
import { record } from './support/recorded-terminal.ts'
import { pictureOf } from './support/terminal-picture.ts'

// The pictures of the README: each of their commands is run here, at a terminal and against a sandbox, and has to do what is shown.
// PENTAUTH_SCREENSHOTS=1 keeps the pictures of this run.

interface Picture {
  readonly name: string
  /** Run one after the other, as they are typed. */
  readonly commands: readonly string[]
  /** For a command that goes on: what it has shown when it is stopped. */
  readonly until?: RegExp
  /** How many lines are enough, where there are many. */
  readonly lines?: number
  /** Exit codes that are meant. */
  readonly exits?: readonly number[]
  /** Whether nothing else of it differs from run to run: the picture that is kept is then this one. */
  readonly isExact?: boolean
}

const pictures: readonly Picture[] = [
  { name: 'help', commands: ['pentauth --help'], isExact: true },
  { name: 'login', commands: ['pentauth login pensyve', 'pentauth status'] },
  { name: 'doctor', commands: ['pentauth doctor $PENSYVE_BASE_URL/mcp'], exits: [0, 6], lines: 36 },
  { name: 'sandbox', commands: ['pentauth sandbox'], until: /PENTOGRAPHER_CLIENT_SECRET='\w+'/, isExact: true },
]

const folder = join(import.meta.dirname, '..', 'screenshots')
const isWanted = process.env.PENTAUTH_SCREENSHOTS === '1'
const columns = 100
const known = commandTree(thisProcess()).commands.map((command) => command.name())
const isThere = (line: string): boolean => /--help$/.test(line) || known.includes(line.split(' ')[1] ?? '')

describe('pictures of the README', () => {
  for (const { name, commands, until, exits = [0], lines, isExact } of pictures) {
    it.runIf(commands.every(isThere))(name, async () => {
      const { sandbox, env } = await world()
      const home = env.HOME ?? ''
      const person = `${process.execPath} ${join(import.meta.dirname, 'support', 'person.mjs')}`
      const keys = {
        PENDIUM_API_KEY: sandbox.keys.create('pendium').key,
        PENDRA_API_KEY: sandbox.keys.create('pendra').key,
      }
      const own = { ...env, ...keys, PENTAUTH_HOME: '', BROWSER: person }
      let screen = ''
      for (const line of commands) {
        const { shown, code } = await record(line, { env: own, columns, until })
        expect(exits, shown).toContain(code)
        screen += `${screen && '\r\n'}\x1b[32m$\x1b[0m \x1b[1m${line}\x1b[0m\r\n${shown}`
      }
      const picture = await pictureOf(alwaysTheSame(screen, home), { columns, lines, title: commands.join('; ') })
      const path = join(folder, `${name}.svg`)
      if (isWanted) {
        mkdirSync(folder, { recursive: true })
        writeFileSync(path, picture)
      }
      const kept = existsSync(path) ? readFileSync(path, 'utf8') : ''
      expect(kept, 'run it with PENTAUTH_SCREENSHOTS=1').toContain(`<title>${commands.join('; ')}</title>`)
      if (isExact) expect(kept).toBe(picture)
      for (const one of [picture, kept]) {
        expect(one.length).toBeGreaterThan(1_500)
        expect(one.length).toBeLessThan(60_000)
        expect(one).not.toContain(leakMarker)
      }
    })
  }

  it('are in the README', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
    const shown = [...readme.matchAll(/\]\(screenshots\/(\w+)\.svg\)/g)].map(([, name]) => name)
    expect(shown.filter((name) => !pictures.some((picture) => picture.name === name))).toEqual([])
    expect(shown.length).toBeGreaterThan(1)
  })
})

/** Without what is new in each run: ports, folders, times and random letters. */
function alwaysTheSame(screen: string, home: string): string {
  const ports: string[] = []
  const portOf = (port: string): string => {
    if (!ports.includes(port)) ports.push(port)
    return String(41_001 + ports.indexOf(port))
  }
  return screen
    .replaceAll(home, '~')
    .replace(/(?<=(?:127\.0\.0\.1|localhost)(?::|%3A))\d{5}/g, portOf)
    .replace(/(?<=\b(?:state|code_challenge|code|client_id)=)[\w-]+/g, filler)
    .replace(/(_(?:KEY|SECRET|ID)='(?:[a-z]+_(?:sk_)?)?)([\w-]+)/g, (_, start, secret) => start + filler(secret))
    .replace(/(\b[a-z]{3,}_(?:sk_)?)(\w{1,6})(?=…)/g, (_, start, shown) => start + filler(shown))
    .replace(/\b[0-9a-f]{8,}\b/g, filler)
    .replace(/\b\d{4}-\d{2}-\d{2}(?=[ T]\d{2}:)/g, '2026-11-22')
    .replace(/\b\d{2}:\d{2}(?=:\d{2}\b|\b(?!\d))/g, '12:00')
    .replace(/\b\d+(?= ?ms\b)/g, '12')
}

const filler = (text: string): string => '0123456789abcdef'.repeat(Math.ceil(text.length / 16)).slice(0, text.length)
