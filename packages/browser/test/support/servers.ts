import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'

/** Servers of this machine, for tests in the browser to call; each by its origin. */
export interface Servers {
  /** Answers, and lets no page read it. */
  readonly closed: string
  /** Lets pages read its root and nothing else. */
  readonly partly: string
  /** Lets pages read everything, and breaks off whatever is not its root. */
  readonly breaking: string
  /** Where nobody listens any more. */
  readonly down: string
  /** What was asked of `closed`: method, path and the headers that could tell who asks. */
  readonly asked: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: Servers
  }
}

/** Starts them before the tests in the browser, and ends them after. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const started: Server[] = []
  const start = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener)
    started.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const stopped = async (): Promise<string> => {
    const origin = await start(() => undefined)
    await new Promise((resolve) => started.pop()?.close(resolve))
    return origin
  }
  const open = { 'access-control-allow-origin': '*' }
  const seen: object[] = []
  const servers: Servers = {
    closed: await start(({ method, url, headers }, response) => {
      const { cookie, authorization, referer } = headers
      seen.push({ method, url, cookie, authorization, referer })
      response.end('hello')
    }),
    partly: await start(({ url }, response) => {
      response.writeHead(200, url === '/' ? open : {}).end('hello')
    }),
    breaking: await start(({ url }, response) => {
      if (url === '/') response.writeHead(200, open).end('hello')
      else response.destroy()
    }),
    down: await stopped(),
    asked: await start((_, response) => {
      response.writeHead(200, open).end(JSON.stringify(seen.splice(0)))
    }),
  }
  provide('servers', servers)
  return async () => {
    for (const server of started) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
