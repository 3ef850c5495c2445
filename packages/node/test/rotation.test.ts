import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pensyve, profundis } from '@pentauth/core/services'
import { createSandbox } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAuth, type PentauthEvent, relocate } from '../src/index.ts'

// Keys that are rotated on disk while fifty callers are at work, on real HTTP: no call may fail.

vi.setConfig({ testTimeout: 60_000 })
const day = 24 * 60 * 60 * 1000
const folder = mkdtempSync(join(tmpdir(), 'pentauth-rotation-'))
const sandbox = createSandbox()
let server: SandboxServer
beforeAll(async () => {
  server = await listen(sandbox)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

/** Fifty callers that go on until they are stopped. */
function fifty(call: () => Promise<Response>) {
  const statuses: number[] = []
  const done = Array<number>(50).fill(0)
  let isRunning = true
  const work = async (caller: number) => {
    while (isRunning) {
      const response = await call()
      await response.arrayBuffer()
      statuses.push(response.status)
      done[caller] = (done[caller] ?? 0) + 1
    }
  }
  const workers = Promise.all(done.map((_, caller) => work(caller)))
  const until = async (condition: () => boolean) => {
    while (!condition()) await Promise.race([sleep(5), workers])
  }
  return {
    /** Resolves when so many more calls are done, with others still on their way. */
    made(more: number) {
      const goal = statuses.length + more
      return until(() => statuses.length >= goal)
    },
    /** Resolves when every caller has done two more calls: none that is on its way now is left. */
    round() {
      const goals = done.map((count) => count + 2)
      return until(() => goals.every((goal, caller) => (done[caller] ?? 0) >= goal))
    },
    async stop() {
      isRunning = false
      await workers
      return statuses
    },
  }
}

const ways: Record<string, (path: string, key: string) => Promise<void> | void> = {
  // In two steps, so that callers meet the empty file in between.
  'in place': (path, key) => writeFile(path, `${key}\n`),
  'by renaming': (path, key) => {
    writeFileSync(`${path}.new`, key)
    renameSync(`${path}.new`, path)
  },
  'by the swap of a mounted secret': (path, key) => {
    const data = `${path}-${key.slice(-6)}`
    mkdirSync(data)
    writeFileSync(join(data, 'key'), key)
    rmSync(`${path}.tmp`, { force: true })
    symlinkSync(join(data, 'key'), `${path}.tmp`)
    renameSync(`${path}.tmp`, path)
  },
}

describe("Pensyve's key, rotated twice under fifty callers", () => {
  it.each(Object.keys(ways))('%s', async (name) => {
    const deliver = async (key: string) => ways[name]?.(path, key)
    const path = join(folder, name.replaceAll(' ', '-'))
    let current = sandbox.keys.create('pensyve')
    await deliver(current.key)
    const events: PentauthEvent[] = []
    const service = relocate(pensyve, server.origins)
    const env = { PENSYVE_API_KEY_FILE: path }
    const auth = createAuth(service, { env, onEvent: (event) => events.push(event) })
    const callers = fifty(() =>
      auth.fetch(`${service.resources.rest.url}/recall`, { method: 'POST', body: '{"query":"tea"}' }),
    )
    for (const _ of ['first', 'second']) {
      // A call is sent again once: it must not last through two rotations, whose days pass in no time here.
      await callers.round()
      current = sandbox.keys.rotate('pensyve', current.id)
      await deliver(current.key)
      await callers.made(60)
      sandbox.clock.advance(day)
    }
    await callers.round()
    expect(new Set(await callers.stop())).toEqual(new Set([200]))
    const switches = events.flatMap((event) => (event.type === 'key_switched' ? event.to.source : []))
    expect(switches).toEqual(Array(2).fill(`PENSYVE_API_KEY_FILE (${path})`))
  })

  it('also when the new key is written only after the old one was refused, from the next call on', async () => {
    const path = join(folder, 'late')
    const [old, next] = [sandbox.keys.create('pensyve'), sandbox.keys.create('pensyve')]
    writeFileSync(path, old.key)
    const service = relocate(pensyve, server.origins)
    const auth = createAuth(service, { env: { PENSYVE_API_KEY_FILE: path } })
    const status = async () => (await auth.fetch(`${service.resources.rest.url}/status`)).status
    expect(await status()).toBe(200)
    sandbox.keys.revoke('pensyve', old.id)
    expect(await status()).toBe(403)
    writeFileSync(path, next.key)
    expect(await status()).toBe(200)
  })
})

describe("Profundis' key, whose renewal stops the old one at once", () => {
  it('fails no call of fifty callers that are at work', async () => {
    const path = join(folder, 'renewed')
    const write = ({ key }: { key: string }) => writeFileSync(path, key)
    write(sandbox.keys.create('profundis'))
    const service = relocate(profundis, server.origins)
    const auth = createAuth(service, { env: { PROFUNDIS_API_KEY_FILE: path } })
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"domain":"example.com"}' }
    const callers = fifty(() => auth.fetch(`${service.resources.rest.url}/subdomains`, json))
    for (const _ of ['first', 'second']) {
      await callers.round()
      write(sandbox.keys.renew('profundis'))
    }
    await callers.round()
    expect(new Set(await callers.stop())).toEqual(new Set([200]))
  })
})

describe("a key in the program's own environment", () => {
  it('is read again after a refusal', async () => {
    const [old, next] = [sandbox.keys.create('pensyve'), sandbox.keys.create('pensyve')]
    const service = relocate(pensyve, server.origins)
    const env = { PENSYVE_API_KEY: old.key }
    const auth = createAuth(service, { env })
    const status = async () => (await auth.fetch(`${service.resources.rest.url}/status`)).status
    expect(await status()).toBe(200)
    env.PENSYVE_API_KEY = next.key
    sandbox.keys.revoke('pensyve', old.id)
    expect(await status()).toBe(200)
  })

  it('or in its .env file', async () => {
    const [old, next] = [sandbox.keys.create('pensyve'), sandbox.keys.create('pensyve')]
    const path = join(folder, '.env')
    writeFileSync(path, `PENSYVE_API_KEY=${old.key}`)
    const service = relocate(pensyve, server.origins)
    const auth = createAuth(service, { env: {}, envFile: path })
    const status = async () => (await auth.fetch(`${service.resources.rest.url}/status`)).status
    expect(await status()).toBe(200)
    writeFileSync(path, `PENSYVE_API_KEY=${next.key}`)
    sandbox.keys.revoke('pensyve', old.id)
    expect(await status()).toBe(200)
  })
})
