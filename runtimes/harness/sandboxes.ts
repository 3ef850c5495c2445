// Sandboxes that listen, for tests that run in another process; what a test does to its sandbox, it says by name.
import { createSandbox, type Sandbox, signInAt } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'

type Service = 'pendium' | 'pensyve' | 'profundis'

interface Running {
  readonly sandbox: Sandbox
  readonly server: SandboxServer
  readonly carriers: string[]
}

/** What a test can do; everything in and out is JSON. */
const calls = {
  origins: ({ server }: Running) => server.origins,
  key: ({ sandbox }: Running, service: 'pendra') => sandbox.keys.create(service).key,
  advance: ({ sandbox }: Running, ms: number) => sandbox.clock.advance(ms),
  now: ({ sandbox }: Running) => sandbox.clock.now(),
  /** A person's way through the pages, up to where the app is called back. */
  approve: (_running: Running, url: string) => signInAt(fetch, url),
  tokenRequests: ({ sandbox }: Running, service: Service, grant?: string) => sandbox.tokens.requests(service, grant),
  apps: ({ sandbox }: Running, service: Service) => sandbox.apps.list(service),
  /** What each request brought: the service, and the header of its credential and whether that is good. */
  journal: ({ sandbox }: Running) =>
    sandbox.journal.entries
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ service, status, credential }) => ({
        service,
        status,
        header: credential?.header,
        valid: credential?.valid,
      })),
  /** The names of the credential headers of each request as it came, whatever the service looked at. */
  carriers: ({ carriers }: Running) => carriers,
  close: async ({ server }: Running) => server.close(),
}
export type Calls = {
  readonly [Name in keyof typeof calls]: (
    ...args: Parameters<(typeof calls)[Name]> extends [Running, ...infer Rest] ? Rest : []
  ) => Promise<Awaited<ReturnType<(typeof calls)[Name]>>>
}

interface Call {
  readonly sandbox: number
  readonly name: string
  readonly args: readonly unknown[]
}

export function createSandboxes() {
  const running: Running[] = []
  return {
    async call({ sandbox: id, name, args }: Call): Promise<unknown> {
      if (name === 'start') return running.push(await start(args[0] === 'as it is')) - 1
      const call = Object.hasOwn(calls, name) ? calls[name as keyof typeof calls] : undefined
      if (call === undefined || running[id] === undefined) throw new Error(`no ${name} of a sandbox ${id}`)
      return (call as (running: Running, ...args: readonly unknown[]) => unknown)(running[id], ...args)
    },
    close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
  }
}

async function start(asItIs: boolean): Promise<Running> {
  const sandbox = createSandbox()
  const carriers: string[] = []
  const watched: Sandbox = {
    ...sandbox,
    async fetch(input, init) {
      const request = new Request(input, init)
      if (!asItIs && request.method === 'OPTIONS') return openTo(request, new Response(null, { status: 204 }))
      const names = ['authorization', 'x-api-key'].filter((name) => request.headers.has(name))
      carriers.push(names.join(' and ') || 'none')
      const response = await sandbox.fetch(request, init?.origins ? { origins: init.origins } : undefined)
      return asItIs ? response : openTo(request, response)
    },
  }
  return { sandbox, carriers, server: await listen(watched) }
}

/** As a gateway in front of a service that lets pages of every origin in. */
function openTo(request: Request, response: Response): Response {
  const asked = (name: string) => request.headers.get(`access-control-request-${name}`) ?? ''
  const headers = new Headers(response.headers)
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-expose-headers', '*')
  if (asked('method') !== '') {
    headers.set('access-control-allow-methods', asked('method'))
    headers.set('access-control-allow-headers', asked('headers'))
  }
  return new Response(response.body, { status: response.status, headers })
}
