import { createInterface } from 'node:readline'
import { createAuth, fileStore, firstOf, signedIn } from '@pentauth/node'
import { mcpService, pentauthErrorIn } from '../../src/index.ts'
import { type Kind, official } from './official.ts'

// A process of its own that shares a saved sign-in: connects, says so, and calls when it is told to.

const [kind, url = '', folder = ''] = process.argv.slice(2)
const auth = createAuth(mcpService(url), { credential: firstOf(signedIn({ store: fileStore({ folder }) })) })
const client = await official(kind as Kind, auth).connect()
process.stdout.write('connected\n')

const lines = createInterface({ input: process.stdin })
await new Promise((resolve) => lines.once('line', resolve))
lines.close()
const calls = Array.from({ length: 10 }, () => client.callTool({ name: 'echo', arguments: {} }))
const outcomes = await Promise.allSettled(calls)
const codes = outcomes.map((one) =>
  one.status === 'fulfilled' ? 'ok' : (pentauthErrorIn(one.reason)?.code ?? 'other'),
)
process.stdout.write(`${JSON.stringify(codes)}\n`)
await client.close()
