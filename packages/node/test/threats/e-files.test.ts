import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Store } from '@pentauth/core'
import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { openFileStore } from '../../src/file-store.ts'
import { plainStore } from './support/plain-store.mjs'

// E2 and E5 in processes of Node that share a folder: they run the built package.

const program = join(import.meta.dirname, 'support', 'renewing-process.mjs')

type Kind = 'ours' | 'unlocked' | 'plain'

interface Shared {
  readonly origin: string
  readonly folder: string
  tokenRequests: number
  /** Whether no refresh token was taken that had been replaced. */
  isAlive: boolean
  readonly saved: () => Promise<string | undefined>
  readonly current: () => string
}

/** A token endpoint and a resource, with a session in a folder whose token has ended. */
async function withSignIn<T>(
  { kind, processes, grace = false }: { kind: Kind; processes: number; grace?: boolean },
  work: (shared: Shared) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-threat-'))
  const ready: ServerResponse[] = []
  let made = 0
  const issue = () => {
    made += 1
    return { access: testKey.token(`access ${made}`), refresh: testKey.token(`refresh ${made}`) }
  }
  let current = issue()
  let last = ''
  const json = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.url === '/ready') {
      ready.push(response)
      if (ready.length >= processes) for (const one of ready) one.end()
    } else if (request.url === '/token') {
      shared.tokenRequests += 1
      const given = new URLSearchParams(body).get('refresh_token')
      shared.isAlive &&= given === current.refresh || (grace && given === last)
      // Long enough for all others to come, too.
      await new Promise((resolve) => setTimeout(resolve, grace ? 0 : 200))
      if (!shared.isAlive) return json(response, 400, { error: 'invalid_grant' })
      last = current.refresh
      current = issue()
      const tokens = { access_token: current.access, refresh_token: current.refresh }
      return json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600 })
    } else {
      const isTaken = shared.isAlive && made > 1 && request.headers.authorization === `Bearer ${current.access}`
      return json(response, isTaken ? 200 : 401, {})
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const key = `session/${encodeURIComponent(`${origin}/mcp`)}/default/default`
  const store: Store = kind === 'plain' ? plainStore(folder) : openFileStore(folder).store
  const shared: Shared = {
    origin,
    folder,
    tokenRequests: 0,
    isAlive: true,
    saved: async () => JSON.parse((await store.get(key)) ?? '{}').refreshToken,
    current: () => current.refresh,
  }
  const now = Date.now()
  const session = {
    version: 1,
    issuer: origin,
    tokenEndpoint: `${origin}/token`,
    client: { clientId: 'client-1', authMethod: 'none' },
    resource: `${origin}/mcp`,
    account: 'default',
    accessToken: current.access,
    refreshToken: current.refresh,
    expiresAt: now - 1000,
    obtainedAt: now - 3_600_000,
  }
  await store.set(key, JSON.stringify(session))
  try {
    return await work(shared)
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the calls of a process came to; nothing where it was killed. */
async function callsOf({ origin, folder }: Shared, kind: string, step = 0): Promise<readonly string[] | undefined> {
  const child = execFile(process.execPath, [program, origin, folder, kind, String(step)], {
    env: { PATH: process.env.PATH },
    timeout: 60_000,
  })
  const [said, troubles] = await Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : '')))
  return said ? JSON.parse(said) : troubles ? [troubles] : undefined
}

threat('E2', 'processes with one folder at the end of a token', {
  ours: 'ours',
  twin: 'unlocked',
  attack: (kind: Kind) =>
    withSignIn({ kind, processes: 4 }, async (shared) => {
      const kinds = kind === 'ours' ? ['ours', 'ours in CommonJS', 'ours', 'ours in CommonJS'] : Array(4).fill(kind)
      const calls = await Promise.all(kinds.map((one) => callsOf(shared, one)))
      const { tokenRequests, isAlive } = shared
      return { calls: calls.flat(), tokenRequests, isAlive, isSaved: (await shared.saved()) === shared.current() }
    }),
  breaches: ({ calls, tokenRequests, isAlive, isSaved }) => [
    ...(calls.length === 40 ? [] : [`${calls.length} calls`]),
    ...[...new Set(calls)].filter((call) => call !== '200').map(String),
    ...(tokenRequests === 1 ? [] : [`${tokenRequests} token requests`]),
    ...(isAlive ? [] : ['a refresh token was used twice']),
    ...(isSaved ? [] : ['the last refresh token is not saved']),
  ],
})

threat('E5', 'a process dies at every step between the answer and the end of its call', {
  ours: 'ours',
  twin: 'plain',
  attack: async (kind: Kind) => {
    const found: { readonly step: number; readonly calls: readonly string[]; readonly left: readonly string[] }[] = []
    let isOver = false
    for (let step = 1; !isOver && step < 100; step += 1) {
      // A server that takes a refresh token once more after it was lost: nobody is to notice anything.
      await withSignIn({ kind, processes: 1, grace: true }, async (shared) => {
        isOver = (await callsOf(shared, kind, step)) !== undefined
        if (isOver) return
        const calls = (await callsOf(shared, kind)) ?? ['killed']
        found.push({ step, calls, left: readdirSync(shared.folder).filter((name) => !name.endsWith('.json')) })
      })
    }
    if (kind === 'ours' && found.length < 10) throw new RangeError(`only ${found.length} steps`)
    return found
  },
  breaches: (found) =>
    found.flatMap(({ step, calls, left }) => [
      ...[...new Set(calls)].filter((call) => call !== '200').map((call) => `step ${step}: ${call}`),
      ...left.map((name) => `step ${step}: ${name}`),
    ]),
})
