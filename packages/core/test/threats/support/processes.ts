import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { testKey } from '@pentauth/tooling/canary'
import { sessionKey } from '../../../src/session-key.ts'
import type { StoredSession } from '../../../src/stored-session.ts'
import { json, type Seen, serve } from '../../support/server.ts'

// Processes of Node that share a store, a lock and a sign-in, all of them on one server: they run the built package.

const program = join(import.meta.dirname, 'renewing-process.mjs')

/** What a process runs: our client, or one with a defect. */
export type Kind = 'ours' | 'unlocked' | 'unread' | 'hasty'
/** A refresh token that was replaced: worthless, or taken once more. */
export type Rotation = 'strict' | 'grace'
/** When a process is killed: the tokens were answered and are not saved, or one of them arrives at the service. */
export type Moment = 'before it saves' | 'in its first use'

export interface Outcome {
  readonly calls: readonly string[]
  readonly tokenRequests: number
  /** Whether no refresh token was taken that had been replaced. */
  readonly alive: boolean
  /** Whether what is saved is the last refresh token. */
  readonly isSaved: boolean
  /** Whether the moment came at which a process was to be killed. */
  readonly isKilled: boolean
}

/** Several processes whose token has ended by the clock, or is refused before its end. */
export async function renewTogether(kind: Kind, when: 'ended' | 'refused early'): Promise<Outcome> {
  const shared = await sharedSignIn({ processes: 4, when })
  const calls = await Promise.all(Array.from({ length: 4 }, () => callsOf(start(kind, shared.origin))))
  return { calls: calls.flat(), ...shared.outcome() }
}

/** A process is killed while it renews, and another one goes on. */
export async function crashAndGoOn(kind: Kind, rotation: Rotation, moment: Moment): Promise<Outcome> {
  let victim: ChildProcess | undefined
  const shared = await sharedSignIn({
    processes: 1,
    when: 'ended',
    rotation,
    moment,
    kill: () => victim?.kill('SIGKILL'),
  })
  victim = start(kind, shared.origin)
  await once(victim, 'exit')
  // Locks of files and of databases end with who holds them.
  shared.unlock()
  const calls = await callsOf(start(kind, shared.origin))
  return { calls, ...shared.outcome() }
}

function start(kind: Kind, origin: string): ChildProcess {
  return execFile(process.execPath, [program, origin, kind], { env: { PATH: process.env.PATH }, timeout: 60_000 })
}

async function callsOf({ stdout, stderr }: ChildProcess): Promise<readonly string[]> {
  const [said, troubles] = await Promise.all([stdout, stderr].map((stream) => (stream ? text(stream) : '')))
  return said ? JSON.parse(said) : [`nothing: ${troubles}`]
}

interface Plan {
  readonly processes: number
  readonly when: 'ended' | 'refused early'
  readonly rotation?: Rotation
  readonly moment?: Moment
  readonly kill?: () => void
}

/** A store, a lock, a token endpoint and a resource, with a session in the store. */
async function sharedSignIn({ processes, when, rotation = 'strict', moment, kill }: Plan) {
  const values = new Map<string, string>()
  const waiting = new Map<string, (() => void)[]>()
  const ready: ServerResponse[] = []
  let [made, tokenRequests, alive, isKilled] = [0, 0, true, false]
  const issue = () => {
    made += 1
    return { access: testKey.token(`access ${made}`), refresh: testKey.token(`refresh ${made}`) }
  }
  let current = issue()
  let last: string | undefined
  const killed = (response: ServerResponse) => {
    isKilled = true
    kill?.()
    response.destroy()
  }

  const coming: (() => void)[] = []
  /** Every process has come for tokens, or stands in the line for them: only then is the first answered. */
  const together = () =>
    new Promise<void>((resolve) => {
      coming.push(resolve)
      isEverybodyHere()
    })
  const isEverybodyHere = () => {
    const inLine = [...waiting.values()].reduce((sum, queue) => sum + queue.length, 0)
    if (inLine + tokenRequests >= processes) for (const go of coming.splice(0)) go()
  }

  const token = async (response: ServerResponse, { body }: Seen) => {
    tokenRequests += 1
    await together()
    const given = new URLSearchParams(body).get('refresh_token')
    const isGood = given === current.refresh || (rotation === 'grace' && given === last)
    alive &&= isGood
    if (!alive) return json(response, 400, { error: 'invalid_grant' })
    last = current.refresh
    current = issue()
    const tokens = { access_token: current.access, refresh_token: current.refresh }
    return json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600 })
  }
  const storage = (response: ServerResponse, { method, body }: Seen, key: string) => {
    if (method === 'PUT' && moment === 'before it saves' && !isKilled) return killed(response)
    if (method === 'PUT') values.set(key, body)
    if (method === 'DELETE') values.delete(key)
    const value = values.get(key)
    return method === 'GET' && value === undefined ? response.writeHead(404).end() : response.end(value)
  }
  const lock = (response: ServerResponse, { method }: Seen, name: string) => {
    const queue = waiting.get(name)
    if (method === 'POST') {
      const enter = () => void response.end()
      if (queue) {
        queue.push(enter)
        return isEverybodyHere()
      }
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
      return ready.length >= processes ? ready.map((one) => one.end()) : undefined
    }
    const isTaken = alive && made > 1 && seen.headers.authorization === `Bearer ${current.access}`
    if (isTaken && moment === 'in its first use' && !isKilled) return killed(response)
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
  return {
    origin,
    unlock: () => waiting.clear(),
    outcome() {
      const saved = JSON.parse(values.get(key) ?? '{}') as Partial<StoredSession>
      return { tokenRequests, alive, isKilled, isSaved: saved.refreshToken === current.refresh }
    },
  }
}
