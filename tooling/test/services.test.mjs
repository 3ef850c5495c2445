// That the Chromium and the Redis which `npm test` brought really work here. Without them (`vitest` by hand) it is skipped.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const { CHROMIUM_PATH = '', REDIS_SERVER_PATH = '' } = process.env

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** @returns {string} a folder that is deleted when the test ends */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-service-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  return folder
}

/**
 * @param {import('node:net').Server} server
 * @returns {Promise<number>}
 */
async function portOf(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

it.skipIf(CHROMIUM_PATH === '')('Chromium renders a page', { timeout: 60_000 }, async () => {
  const server = createHttpServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<p id=out></p><script>out.textContent = ["ren", "dered"].join("")</script>')
  })
  onTestFinished(() => void server.close())
  const page = `http://127.0.0.1:${await portOf(server)}/`
  const profile = `--user-data-dir=${temporaryFolder()}`
  const { stdout } = await promisify(execFile)(CHROMIUM_PATH, [...FLAGS, profile, '--dump-dom', page], {
    timeout: 50_000,
  })
  expect(stdout).toContain('<p id="out">rendered</p>')
})

it.skipIf(REDIS_SERVER_PATH === '')('Redis answers', { timeout: 30_000 }, async () => {
  const probe = createServer()
  const port = await portOf(probe)
  await new Promise((resolve) => probe.close(resolve))
  const flags = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    temporaryFolder(),
  ]
  const redis = spawn(REDIS_SERVER_PATH, flags, { stdio: 'ignore' })
  onTestFinished(() => void redis.kill('SIGKILL'))
  let answer = ''
  for (let attempt = 0; attempt < 100 && answer === ''; attempt += 1) {
    answer = await ping(port)
    if (answer === '') await sleep(100)
  }
  expect(answer).toBe('+PONG\r\n')
})

/**
 * @param {number} port
 * @returns {Promise<string>} empty while nobody listens
 */
function ping(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      resolve(data.toString())
      socket.destroy()
    })
    socket.once('error', () => resolve(''))
  })
}
