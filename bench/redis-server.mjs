// A Redis of our own for the processes bench, on a socket in a folder of its own. It ends with the process that started this one.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-bench-redis-'))
const socket = join(folder, 'redis.sock')
const flags = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
const redis = spawn(process.env.REDIS_SERVER_PATH ?? 'redis-server', flags, { stdio: 'ignore' })
redis.on('error', (error) => end(`Redis cannot be started: ${error.message}`))
redis.on('exit', () => end('Redis has ended.'))
process.on('disconnect', () => end())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end())

/** @param {string} [reason] */
function end(reason) {
  redis.removeAllListeners('exit').kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  if (reason) process.stderr.write(`${reason}\n`)
  process.exit(reason ? 1 : 0)
}

function answers() {
  return new Promise((resolve) => {
    const client = connect(socket, () => resolve(true)).on('error', () => resolve(false))
    client.end()
  })
}

for (let attempt = 0; attempt < 200 && !(await answers()); attempt += 1) await setTimeout(50)
process.send?.(socket)
