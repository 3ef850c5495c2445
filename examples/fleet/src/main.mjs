#!/usr/bin/env node
// Three processes share one sign-in through Redis, and none of them is ever signed out: node src/main.mjs [--json]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { finishSignIn, startSignIn } from '@pentauth/core'
import { pensyve, relocate } from '@pentauth/node'
import { redisStore } from '@pentauth/node/redis'
import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { createClient } from 'redis'
import { startFleet } from './fleet.mjs'
import { NoRedis, startRedis } from './redis-server.mjs'

const usage = `node src/main.mjs         three processes that share one sign-in through Redis
node src/main.mjs --json  only { processes, expiries, calls, failedCalls, tokenRequests, survivors }
`
const processes = 3
const expiries = 5
/** More than Pensyve's access tokens last, in milliseconds. */
const life = 1_000_000

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when no call failed and each expiry cost one token request
 */
async function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const say = (/** @type {string} */ text) => values.json || process.stdout.write(`${text}\n`)
  const redis = await startRedis()
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  let end = () => {}
  try {
    await signInOnce(redis.path, server.origins)
    say('person    signs in once; the session is in Redis')
    const signal = AbortSignal.timeout(50_000)
    const fleet = startFleet({ size: processes, redisPath: redis.path, origins: server.origins, signal })
    end = fleet.end
    await fleet.progress()
    for (let expiry = 1; expiry <= expiries; expiry += 1) {
      sandbox.clock.advance(life)
      await fleet.progress()
      const { calls, failed } = fleet.count()
      say(`token     ended ${expiry}×: ${tokenRequests(sandbox)} token requests, ${calls} calls, ${failed} failed`)
      if (expiry !== 2) continue
      await fleet.killOne()
      say('worker    3 is killed, the others go on')
    }
    const survivors = await fleet.stop()
    const { calls, failed } = fleet.count()
    const outcome = {
      processes,
      expiries,
      calls,
      failedCalls: failed,
      tokenRequests: tokenRequests(sandbox),
      survivors,
    }
    say(`${survivors} of ${processes} processes left, ${failed} failed calls of ${calls}`)
    if (values.json) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
    return failed === 0 && outcome.tokenRequests === expiries && survivors === processes - 1 ? 0 : 1
  } finally {
    end()
    await server.close()
    await redis.stop()
  }
}

const tokenRequests = (/** @type {import('@pentauth/sandbox').Sandbox} */ sandbox) =>
  sandbox.tokens.requests('pensyve', 'refresh_token')

/**
 * One person, once; in production with signIn at a terminal, or in a browser.
 * @param {string} path
 * @param {Readonly<Record<string, string>>} origins
 */
async function signInOnce(path, origins) {
  const client = createClient({ socket: { path, tls: false } })
  client.on('error', () => undefined)
  await client.connect()
  const store = redisStore(client)
  const service = relocate(pensyve, origins)
  const redirectUri = 'http://127.0.0.1:8123/callback'
  const { url } = await startSignIn(service, { store, redirectUri, client: { name: 'Fleet' } })
  await finishSignIn(service, await signInAt(fetch, url), { store })
  await client.close()
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const unknownOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (unknownOption) process.stderr.write(`${error.message}\n\n${usage}`)
  else
    process.stderr.write(`${error instanceof NoRedis ? error.message : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = unknownOption ? 2 : 1
}
