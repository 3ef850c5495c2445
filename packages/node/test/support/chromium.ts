import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from './sign-in-world.ts'

const path = process.env.CHROMIUM_PATH || '/usr/bin/chromium'
export const hasChromium: boolean = existsSync(path)

/** What is used of the protocol's answers and events. */
interface Result {
  readonly targetId?: string
  readonly sessionId?: string
  readonly result?: { readonly value?: unknown }
  readonly data?: string
}
interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: Result
  readonly params?: {
    readonly entry?: { readonly text: string }
    readonly args?: unknown
    readonly type?: string
    readonly response?: { readonly url: string; readonly status: number }
  }
}

/** A page of a real browser, by its debugging protocol. */
export interface Page {
  /** Waits until the expression is true in the page, wherever that is by then, and returns what it is. */
  until<T>(expression: string): Promise<T>
  evaluate<T>(expression: string): Promise<T>
  send(method: string, params?: object): Promise<Result>
  /** What the page complained of: its log and its console. */
  readonly complaints: readonly string[]
  /** The statuses of its documents, by URL. */
  readonly documents: ReadonlyMap<string, number>
}

/** Starts the browser with one empty page. */
export async function openPage(): Promise<Page> {
  const folder = temporaryFolder()
  const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
  // A group of its own: a browser is many processes.
  const child = spawn(path, [...args, ...quiet, '--remote-debugging-port=0', `--user-data-dir=${folder}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await closed
  })
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, url] = /^DevTools listening on (ws:\S+)/.exec(line) ?? []
      if (url) resolve(url)
    })
    child.once('error', reject)
    child.once('close', () => reject(new TypeError('the browser ended')))
  })
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  onTestFinished(() => socket.close())
  return pageOf(socket)
}

async function pageOf(socket: WebSocket): Promise<Page> {
  const waiting = new Map<number, (result: Result) => void>()
  const complaints: string[] = []
  const documents = new Map<string, number>()
  let last = 0
  let session: string | undefined
  const send = (method: string, params: object = {}) =>
    new Promise<Result>((resolve) => {
      last += 1
      waiting.set(last, resolve)
      socket.send(JSON.stringify({ id: last, method, params, sessionId: session }))
    })
  socket.addEventListener('message', ({ data }) => {
    const { id, method, params, result }: Message = JSON.parse(String(data))
    if (id !== undefined) waiting.get(id)?.(result ?? {})
    if (method === 'Log.entryAdded') complaints.push(params?.entry?.text ?? '')
    if (method === 'Runtime.consoleAPICalled') complaints.push(JSON.stringify(params?.args))
    if (method === 'Network.responseReceived' && params?.type === 'Document' && params.response)
      documents.set(params.response.url, params.response.status)
  })
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
  session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`)
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true })
    return result?.value as T
  }
  const until = <T>(expression: string): Promise<T> =>
    vi.waitFor(
      async () => {
        const value = await evaluate<T>(expression)
        if (!value) throw new TypeError(`not so in the page: ${expression}`)
        return value
      },
      { timeout: 30_000, interval: 50 },
    )
  return { send, evaluate, until, complaints, documents }
}
