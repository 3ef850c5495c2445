// A Redis of its own for this example: on a socket in a folder, with nothing of it kept.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

export class NoRedis extends TypeError {}

/** @returns {Promise<{ path: string, stop: () => Promise<void> }>} */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-fleet-'))
  const path = join(folder, 'redis.sock')
  const flags = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder]
  const redis = spawn(process.env.REDIS_SERVER_PATH || 'redis-server', flags, { stdio: 'ignore' })
  const end = once(redis, 'exit').catch(() => undefined)
  let isOver = false
  redis.on('error', () => {
    isOver = true
  })
  const stop = async () => {
    redis.kill('SIGKILL')
    if (!isOver) await end
    rmSync(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 200 && !isOver && redis.exitCode === null; attempt += 1) {
    if (existsSync(path)) return { path, stop }
    await sleep(50)
  }
  await stop()
  throw new NoRedis(
    'This example needs redis-server: install Redis (apt install redis-server, brew install redis), or say where it is with REDIS_SERVER_PATH.',
  )
}
