import { defineService, type Service } from '@pentauth/core'
import { testKey } from '@pentauth/tooling/canary'

// A service whose authorization server signs devices in, and says what the test wants. Nothing leaves the process.

const issuer = 'https://as.acme.example'

export interface Said {
  /** Parts of the answer of the device authorization endpoint, or an error. */
  readonly device?: object
  /** The answers of the token endpoint, one after the other, the last one for ever. */
  readonly token?: readonly object[]
  readonly name?: string
}

export interface DeviceWorld {
  readonly service: Service
  readonly runtime: {
    readonly fetch: (input: string | URL | Request) => Promise<Response>
    readonly now: () => number
    readonly sleep: (ms: number) => Promise<void>
  }
  /** How long each pause was (ms). */
  readonly waits: readonly number[]
  readonly tokenRequests: () => number
  readonly tokenEndpoint: string
  readonly deviceEndpoint: string
}

export function hostileDeviceServer({ device = {}, token = [], name = 'Acme' }: Said): DeviceWorld {
  const waits: number[] = []
  let now = 1_000_000
  let tokenRequests = 0
  const good = { access_token: testKey.token('access'), token_type: 'bearer', expires_in: 3600 }
  const json = (answer: object) => Response.json(answer, { status: 'error' in answer ? 400 : 200 })
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    const { origin, pathname } = new URL(input instanceof Request ? input.url : input)
    if (origin === 'https://api.acme.example')
      return json({ resource: `${origin}/v1`, authorization_servers: [issuer] })
    if (pathname === '/device')
      return json({
        device_code: testKey.token('device'),
        user_code: 'WDJB-MJHT',
        verification_uri: `${issuer}/go`,
        expires_in: 600,
        ...device,
      })
    if (pathname === '/token') {
      tokenRequests += 1
      return json(token[Math.min(tokenRequests, token.length) - 1] ?? good)
    }
    return json({
      issuer,
      token_endpoint: `${issuer}/token`,
      device_authorization_endpoint: `${issuer}/device`,
      token_endpoint_auth_methods_supported: ['none'],
    })
  }
  const service = defineService({
    // A name of its own for each: what is discovered is shared by the process.
    id: `acme-${crypto.randomUUID()}`,
    name,
    resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs' } },
  } as Service)
  const sleep = async (ms: number) => {
    waits.push(ms)
    now += ms
    // A turn of the event loop: who asks without a pause must not stop the test.
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return {
    service,
    runtime: { fetch, now: () => now, sleep },
    waits,
    tokenRequests: () => tokenRequests,
    tokenEndpoint: `${issuer}/token`,
    deviceEndpoint: `${issuer}/device`,
  }
}
