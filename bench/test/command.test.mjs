// The command itself, in short turns and without the peers: what it prints and how it ends, never how fast it was.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.mjs', import.meta.url))
const SERVERS = ['../server.mjs', '../oauth-server.mjs']

/** @param {string[]} args */
function bench(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 50_000 })
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
    const { status, stdout } = bench('--json', ...OURS, '--case', 'file-4')
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).name)
    expect({ status, names }).toEqual({
      status: 0,
      names: ['headers', 'fetch', 'import', 'storms', 'storms-mcp', 'requests', 'processes', 'bridge'],
    })
  })
})

const world = { calls: 20, ok: 20, tokenRequests: 1, sessionAlive: true }

describe('with --json, counts', () => {
  it('storms has a row for each case, and ours are as they should be', () => {
    const { status, stdout, stderr } = bench('--json', ...OURS, 'storms')
    expect(stderr).not.toContain('Installing')
    const { rows, ...rest } = JSON.parse(stdout)
    expect({ status, rest }).toEqual({ status: 0, rest: { name: 'storms' } })
    expect(rows.map(Object.keys)).toEqual(
      Array(8).fill(['subject', 'case', 'calls', 'ok', 'tokenRequests', 'sessionAlive']),
    )
    expect(rows).toEqual(
      [
        { ...world, case: 'expired' },
        { ...world, case: 'early-401-0.3s' },
        { ...world, case: 'early-401-2s' },
        { ...world, case: 'slow-token-endpoint' },
        { ...world, case: 'one-503', tokenRequests: 2 },
        { ...world, case: 'lost-response', ok: 0, tokenRequests: 2, sessionAlive: false },
        { ...world, case: 'lost-response-grace', tokenRequests: 2 },
        { ...world, case: 'down', ok: 0, tokenRequests: expect.toSatisfy((count) => count >= 1 && count <= 6) },
      ].map((row) => ({ subject: 'pentauth', ...row })),
    )
  })

  it('storms-mcp has a row for each case and SDK, and ours are as they should be', () => {
    const { status, stdout, stderr } = bench('--json', ...OURS, 'storms-mcp')
    expect(stderr).not.toContain('Installing')
    expect(stderr.match(/ {4}met$/gm)).toHaveLength(12)
    const { rows, ...rest } = JSON.parse(stdout)
    expect({ status, rest }).toEqual({ status: 0, rest: { name: 'storms-mcp' } })
    const storm = { ...world, redirects: 0, requests: 41 }
    const one = { ...world, calls: 1, ok: 1 }
    expect(rows).toEqual(
      ['pentauth, SDK v1', 'pentauth, SDK v2'].flatMap((subject) =>
        [
          { ...storm, case: 'refused' },
          { ...storm, case: 'refused, reuse detection' },
          { ...storm, case: 'refused, staggered' },
          { ...one, case: 'expired call', redirects: 0, requests: 2 },
          { ...one, case: 'first list', redirects: 1, requests: 9 },
          { ...one, case: 'first list, known client and scope', redirects: 1, requests: 7 },
        ].map((row) => ({ subject, ...row })),
      ),
    )
  })

  it('requests: from nothing to the first call, by kind, and for an expired one', () => {
    const { status, stdout } = bench('--json', ...OURS, 'requests')
    const { rows, ...rest } = JSON.parse(stdout)
    expect({ status, rest }).toEqual({ status: 0, rest: { name: 'requests' } })
    expect(rows).toEqual(
      [
        ['first-call', 5],
        ['first-call: discovery', 2],
        ['first-call: registration', 1],
        ['first-call: token', 1],
        ['first-call: api', 1],
        ['expired-call', 2],
      ].map(([name, requests]) => ({ subject: 'pentauth', case: name, requests })),
    )
  })
})

const sharing = { subject: 'pentauth', rounds: 2, tokenRequests: 2, sessionAlive: true }
const inFiles = [
  { ...sharing, case: 'file-4', processes: 4, survivors: 4 },
  { ...sharing, case: 'file-16', processes: 16, survivors: 16 },
  { ...sharing, case: 'holder-killed', processes: 4, survivors: 4 },
]
const { REDIS_SERVER_PATH = '' } = process.env

describe('processes', () => {
  it('one token request a round, and everybody comes through', () => {
    const { status, stdout, stderr } = bench('--json', ...OURS, '--case', 'file', '--case', 'holder', 'processes')
    expect(stderr).not.toContain('Installing')
    const { rows, ...rest } = JSON.parse(stdout)
    expect({ status, rest }).toEqual({ status: 0, rest: { name: 'processes' } })
    expect(Object.keys(rows[0])).toEqual([
      'subject',
      'case',
      'processes',
      'rounds',
      'tokenRequests',
      'survivors',
      'sessionAlive',
    ])
    expect(rows).toEqual(inFiles)
    // People read along.
    expect(stderr).toContain(`
file-4: 4 processes
  pentauth        4/4               2  alive    met
`)
    expect(stderr).toMatch(/\n {2}pentauth: \d+ ms from the kill to the last answer \(median\)/)
  })

  it.skipIf(REDIS_SERVER_PATH === '')('the same by way of Redis', () => {
    const { rows } = JSON.parse(bench('--json', ...OURS, '--rounds', '1', '--case', 'redis-4', 'processes').stdout)
    expect(rows).toEqual([{ ...sharing, rounds: 1, tokenRequests: 1, case: 'redis-4', processes: 4, survivors: 4 }])
  })

  it.skipIf(process.platform === 'win32')('without a Redis says what to do', () => {
    const env = { ...process.env, REDIS_SERVER_PATH: '/nonexistent/redis-server' }
    const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN, ...OURS, '--case', 'redis-4', 'processes'], {
      encoding: 'utf8',
      env,
      timeout: 50_000,
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('REDIS_SERVER_PATH is set, but no program is at /nonexistent/redis-server.')
  })
})

it('people get the goal of each storm, and whether it was met', () => {
  const { status, stdout } = bench(...OURS, 'storms')
  expect(status).toBe(0)
  expect(stdout).toContain(`
expired: 1 token request, every call ok, session alive
  pentauth      20/20               1  alive    met

early-401-0.3s: `)
  expect(stdout.match(/ {4}met$/gm)).toHaveLength(8)
})

it('people get the goal of an expired call', () => {
  const { stdout } = bench(...OURS, 'requests')
  expect(stdout).toMatch(/\n {2}pentauth +expired-call +2 {2}met\n\n {2}goal of expired-call: 2, /)
})

it('people get a table with the goal', () => {
  const { status, stdout } = bench(...OURS, 'headers')
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /^headers: .*\n\n {2}subject .*\n(?: {2}\S.* {2}[\d.e+]+ ns +[\d.]+\n){4}\n {2}goal: ratio <= 4: /,
  )
})

it.each([
  [['nonsense'], /^There is no bench "nonsense"\.\n\n/],
  // `pnpm run bench -- --json` and `npm run bench -- -- --json` come like this.
  [['--', '--json'], /^There is no bench "--json": options stand before any second --\.\n\n/],
  [['headers', '--nonsense'], /'--nonsense'.*\n\n/],
  [['--rounds', '0', 'processes'], /^"0" is no number of rounds\.\n\n/],
  [['--only', 'nonsense'], /^No subject has "nonsense" in its name: pentauth, .*\n\n/],
])('%j is a wrong call, and answered with the usage', (args, message) => {
  const { status, stdout, stderr } = bench(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(
    /\nnpm run bench -- NAME +one of headers, fetch, import, storms, storms-mcp, requests, processes, bridge\n/,
  )
})

it('--help says how to call it', () => {
  const { status, stdout } = bench('--help')
  expect(status).toBe(0)
  expect(stdout).toContain('npm run -s bench -- --json NAME')
})

it.each(SERVERS)('%s ends with the channel to whoever started it', async (file) => {
  const server = fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [origin] = await once(server, 'message')
  expect((await fetch(`${origin}/api`)).status).toBe(401)
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
