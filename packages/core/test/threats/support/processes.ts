import { execFile } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testKey } from '@pentauth/tooling/canary'
import { type StoredSession, sessionKey } from '../../../src/stored-session.ts'
import { json, type Seen, serve } from '../../support/server.ts'

// Processes of Node that share a store, a lock and a sign-in, all of them on one server: they run the built package.

const run = promisify(execFile)
const program = join(import.meta.dirname, 'renewing-process.mjs')
const processes = 4

/** What a process runs: our client, or one with a defect. */
export type Kind = 'ours' | 'unlocked' | 'unread'

export interface Outcome {
  readonly calls: readonly string[]
  readonly tokenRequests: number
  /** Whether the refresh token was used once only, and the one that is saved is the last. */
  readonly alive: boolean
  readonly isSaved: boolean
}

/** Several processes whose token has ended by the clock, or is refused before its end. */
export async function renewTogether(kind: Kind, when: 'ended' | 'refused early'): Promise<Outcome> {
  const values = new Map<string, string>()
  const waiting = new Map<string, (() => void)[]>()
  const ready: ServerResponse[] = []
  let [made, tokenRequests, alive] = [0, 0, true]
  const issue = () => {
    made += 1
    return { access: testKey.token(`access ${made}`), refresh: testKey.token(`refresh ${made}`) }
  }
  let current = issue()

  const token = async (response: ServerResponse, { body }: Seen) => {
    tokenRequests += 1
    // Long enough for the others to come meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 200))
    alive &&= new URLSearchParams(body).get('refresh_token') === current.refresh
    if (!alive) return json(response, 400, { error: 'invalid_grant' })
    current = issue()
    const tokens = { access_token: current.access, refresh_token: current.refresh }
    return json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600 })
  }
  const storage = (response: ServerResponse, { method, body }: Seen, key: string) => {
    if (method === 'PUT') values.set(key, body)
    if (method === 'DELETE') values.delete(key)
    const value = values.get(key)
    return method === 'GET' && value === undefined ? response.writeHead(404).end() : response.end(value)
  }
  const lock = (response: ServerResponse, { method }: Seen, name: string) => {
    const queue = waiting.get(name)
    if (method === 'POST') {
      const enter = () => void response.end()
      if (queue) return queue.push(enter)
      waiting.set(name, [])
      return enter()
    }
    const next = queue?.shift()
    if (!next) waiting.delete(name)
    next?.()
    return response.end()
  }
  const { origin } = await serve((response, seen) => {
    const { pathname, searchParams } = new URL(seen.path, 'http://127.0.0.1')
    if (pathname === '/store') return storage(response, seen, searchParams.get('key') ?? '')
    if (pathname === '/lock') return lock(response, seen, searchParams.get('name') ?? '')
    if (pathname === '/token') return token(response, seen)
    if (pathname === '/ready') {
      ready.push(response)
      return ready.length === processes ? ready.map((one) => one.end()) : undefined
    }
    const isTaken = alive && made > 1 && seen.headers.authorization === `Bearer ${current.access}`
    return json(response, isTaken ? 200 : 401, {})
  })

  const url = `${origin}/mcp`
  const key = sessionKey({ url, protocol: 'mcp' }, 'default', 'default')
  const now = Date.now()
  const session: StoredSession = {
    version: 1,
    issuer: origin,
    tokenEndpoint: `${origin}/token`,
    client: { clientId: 'client-1', authMethod: 'none' },
    resource: url,
    account: 'default',
    accessToken: current.access,
    refreshToken: current.refresh,
    expiresAt: when === 'ended' ? now - 1000 : now + 3_600_000,
    obtainedAt: now - 3_600_000,
  }
  values.set(key, JSON.stringify(session))

  const options = { env: { PATH: process.env.PATH }, timeout: 60_000 }
  const ended = await Promise.all(
    Array.from({ length: processes }, () => run(process.execPath, [program, origin, kind], options)),
  )
  const calls = ended.flatMap(({ stdout }) => JSON.parse(stdout) as string[])
  const saved = JSON.parse(values.get(key) ?? '{}') as Partial<StoredSession>
  return { calls, tokenRequests, alive, isSaved: saved.refreshToken === current.refresh }
}
