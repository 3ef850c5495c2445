import { apiKey, createAuth, createProxy, type ProxyOptions, pendra } from '@pentauth/node'
import { testKey } from '@pentauth/tooling/canary'

/** Ways to each error of the proxy. */
export function proxyProvocations() {
  const make = (change: Partial<Record<keyof ProxyOptions, unknown>>) =>
    createProxy(createAuth(pendra, { credential: apiKey(testKey.pendra()) }), {
      ...{ allow: ['POST /chat/completions'], authorize: () => true, resource: 'rest' },
      ...(change as object),
    })
  /** What `onEvent` is told about an answer. */
  const told = async (answer: () => Response) => {
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: { fetch: async () => answer() } })
    return new Promise<unknown>((resolve) => {
      const onEvent: ProxyOptions['onEvent'] = ({ error }) => resolve(error)
      const proxy = createProxy(auth, { allow: ['GET /models'], authorize: () => true, resource: 'rest', onEvent })
      void proxy(new Request('https://app.example.com/models'))
    })
  }
  const elsewhere = { location: 'https://elsewhere.example/' }
  return {
    redirect_refused: [
      () => told(() => new Response(null, { status: 300 })),
      () => {
        const answers = [new Response(null, { status: 302, headers: elsewhere }), new Response('not of Pendra')]
        return told(() => answers.shift() as Response)
      },
    ],
    invalid_option: [
      () => make({ allow: undefined }),
      () => make({ allow: ['POST chat'] }),
      () => make({ authorize: undefined }),
      () => make({ resource: undefined }),
      () => make({ prefix: '/api/' }),
      () => make({ origins: ['*'] }),
      () => make({ largestBody: '1 MB' }),
      () => make({ onEvent: 5 }),
      () => createProxy(undefined as never, { allow: ['GET /models'], authorize: () => true }),
    ],
    request_rejected: [
      async () => {
        const fetch = async (_input: unknown, init?: RequestInit) =>
          new Response(`you are ${new Headers(init?.headers).get('authorization')}`)
        const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: { fetch } })
        const proxy = createProxy(auth, { allow: ['GET /models'], authorize: () => true, resource: 'rest' })
        return (await proxy(new Request('https://app.example.com/models'))).text()
      },
    ],
  }
}
