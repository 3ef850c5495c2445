import { apiKey, createAuth, createProxy, type ProxyOptions, pendra } from '@pentauth/node'
import { testKey } from '@pentauth/tooling/canary'

/** Ways to each error of the proxy. */
export function proxyProvocations() {
  const make = (change: Partial<Record<keyof ProxyOptions, unknown>>) =>
    createProxy(createAuth(pendra, { credential: apiKey(testKey.pendra()) }), {
      ...{ allow: ['POST /chat/completions'], authorize: () => true, resource: 'rest' },
      ...(change as object),
    })
  return {
    invalid_option: [
      () => make({ allow: undefined }),
      () => make({ allow: ['POST chat'] }),
      () => make({ authorize: undefined }),
      () => make({ resource: undefined }),
      () => make({ prefix: '/api/' }),
      () => make({ origins: ['*'] }),
      () => make({ largestBody: '1 MB' }),
    ],
  }
}
