// The command itself, in short turns and without the peers: what it prints and how it ends, never how fast it was.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.mjs', import.meta.url))
const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url))

/** @param {string[]} args */
function bench(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 25_000 })
  return { status, stdout, stderr }
}

const OURS = ['--quick', '--only', 'pentauth']

/** @type {[string, string, string[]][]} */
const expected = [
  [
    'headers',
    'ns',
    [
      'awaiting a resolved promise',
      'control: awaiting a resolved promise again',
      'pentauth',
      'pentauth, 1,000 URLs in rotation',
    ],
  ],
  ['fetch', 'requests/s', ['bare fetch', 'control: bare fetch again', 'pentauth']],
  ['import', 'ms', ['bare node', 'control: bare node again', 'pentauth']],
]

describe('with --json', () => {
  it.each(expected)('%s is one object in %s', (name, unit, subjects) => {
    const { status, stdout, stderr } = bench('--json', ...OURS, name)
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining(`Measuring ${name}`) })
    expect(stderr).not.toContain('Installing')
    const result = JSON.parse(stdout)
    expect(Object.keys(result)).toEqual(['name', 'unit', 'rows'])
    expect(result).toMatchObject({ name, unit })
    expect(result.rows.map((/** @type {{ subject: string }} */ { subject }) => subject)).toEqual(subjects)
    for (const row of result.rows) {
      expect(Object.keys(row)).toEqual(['subject', 'value', 'ratio'])
      expect(row.value).toBeGreaterThan(0)
      expect(row.ratio).toBeGreaterThan(0)
    }
    expect(result.rows[0].ratio).toBe(1)
  })

  it('without a name every bench has its line', () => {
    const { status, stdout } = bench('--json', ...OURS)
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).name)
    expect({ status, names }).toEqual({ status: 0, names: ['headers', 'fetch', 'import'] })
  })
})

it('people get a table with the goal', () => {
  const { status, stdout } = bench(...OURS, 'headers')
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /^headers: .*\n\n {2}subject .*\n(?: {2}\S.* {2}[\d.e+]+ ns +[\d.]+\n){4}\n {2}goal: ratio <= 4: /,
  )
})

it.each([
  [['nonsense'], /There is no bench "nonsense"\.\nHint: the benches are headers, fetch, import/],
  [['headers', '--nonsense'], /'--nonsense'.*\nHint: /s],
  [['--only', 'nonsense'], /No subject has "nonsense" in its name: pentauth, .*\nHint: /],
])('%j is a wrong call', (args, message) => {
  const { status, stdout, stderr } = bench(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(message)
})

it('--help says how to call it', () => {
  const { status, stdout } = bench('--help')
  expect(status).toBe(0)
  expect(stdout).toContain('npm run -s bench -- --json NAME')
})

it('the server ends with the channel to whoever started it', async () => {
  const server = fork(SERVER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [origin] = await once(server, 'message')
  expect((await fetch(origin)).status).toBe(401)
  server.disconnect()
  expect(await once(server, 'exit')).toEqual([0, null])
})

it.skipIf(process.platform === 'win32')('a signal ends the bench and its server', async () => {
  const child = spawn(process.execPath, [MAIN, '--only', 'pentauth', 'fetch'], { stdio: ['ignore', 'ignore', 'pipe'] })
  await once(child.stderr, 'data')
  await setTimeout(1000)
  child.kill('SIGINT')
  // Closed only when the server has ended too, which writes to the same stderr.
  expect(await once(child, 'close')).toEqual([130, null])
})
