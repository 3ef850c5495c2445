import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { caught } from '@pentauth/tooling/canary'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type RedisStore, redisStore } from '../src/redis-store.ts'
import { answering, ended, freePort, redisServerPath, whyNot } from './support/redis-server.ts'

// A cluster of two servers, each with half of the slots.

async function startNode(folder: string, port: number): Promise<Redis> {
  const busPort = await freePort()
  const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--cluster-enabled', 'yes']
  const more = ['--cluster-port', busPort, '--cluster-config-file', `${port}.conf`]
  const child = spawn(redisServerPath, [...flags, ...more].map(String), { stdio: 'ignore' })
  onTestFinished(() => ended(child))
  await answering(port)
  const node = new Redis(port, '127.0.0.1')
  onTestFinished(() => node.disconnect())
  node.on('error', () => undefined)
  return node
}

async function startCluster(): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-cluster-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const ports = [await freePort(), await freePort()]
  const [first, second] = [await startNode(folder, ports[0] as number), await startNode(folder, ports[1] as number)]
  await first.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191')
  await second.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383')
  const busPort = /:\d+@(\d+)/.exec(String(await second.call('CLUSTER', 'NODES')))?.[1]
  await first.call('CLUSTER', 'MEET', '127.0.0.1', `${ports[1]}`, busPort ?? '')
  const isWhole = async (node: Redis) => {
    const info = String(await node.call('CLUSTER', 'INFO'))
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2')
  }
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await isWhole(first)) && (await isWhole(second))) return ports
    await sleep(100)
  }
  throw new TypeError('the cluster does not come together')
}

const kinds: Record<string, (ports: readonly number[], prefix?: string) => Promise<RedisStore>> = {
  async redis(ports, prefix) {
    const cluster = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) })
    cluster.on('error', () => undefined)
    await cluster.connect()
    onTestFinished(() => cluster.destroy())
    return redisStore(cluster, { prefix })
  },
  async ioredis(ports, prefix) {
    const cluster = new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))
    onTestFinished(() => cluster.disconnect())
    return redisStore(cluster, { prefix })
  },
}

describe.skipIf(whyNot)(`a store in a Redis cluster${whyNot}`, () => {
  it.each(Object.entries(kinds))('with the package %s', async (_name, open) => {
    const ports = await startCluster()
    const store = await open(ports)
    const keys = Array.from({ length: 20 }, (_, index) => `session/${index}`)
    for (const key of keys) await store.withLock(key, () => store.set(key, `value of ${key}`))
    for (const key of keys) expect(await store.get(key)).toBe(`value of ${key}`)
    expect([...(await store.keys('session/'))].sort()).toEqual([...keys].sort())
    await store.withLock('session/0', () => store.delete('session/0'))
    expect(await store.get('session/0')).toBeUndefined()

    // What begins so would be cut at its brace, unless the prefix says where all is kept.
    const odd = '}key'
    const error = await caught(store.withLock(odd, () => store.set(odd, 'value')))
    expect(error.message).toContain('(CROSSSLOT). Give the option "prefix" braces')
    const together = await open(ports, '{app}:')
    await together.withLock(odd, () => together.set(odd, 'value'))
    expect(await together.keys('')).toEqual([odd])
  })
})
