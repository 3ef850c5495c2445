// What pages get in the place of the main entry: the same names, and the same answers, of which some come later.
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import * as entry from '../src/index.ts'
import * as pages from '../src/index-in-pages.ts'
import { part } from '../src/part.ts'

const runtime = { fetch: async () => Response.json({}) }
const definition = {
  id: 'acme',
  name: 'Acme',
  resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', apiKey: ['x-api-key'] } },
  apiKey: { env: 'ACME_API_KEY', rotation: { method: 'replace' } },
  errors: [],
  links: { docs: { where: 'Acme docs' } },
  recommendations: [],
} satisfies entry.Service
const url = 'https://api.acme.example/v1/things'

describe('the entry of pages', () => {
  it('has the names of the other one', () => {
    expect(Object.keys(pages).sort()).toEqual(Object.keys(entry).sort())
  })

  it('takes a definition of one’s own that nobody has checked', async () => {
    const auth = pages.createAuth(definition, { credential: pages.apiKey(testKey.token()), runtime })
    expect(auth.service).toBe(definition)
    expect((await auth.fetch(url)).status).toBe(200)
    expect(Object.keys(await auth.headers(url))).toEqual(['x-api-key'])
    expect((await auth.credential()).kind).toBe('api-key')
  })

  it.each([undefined, null, { ...definition, id: 'A B' }, { ...definition, resources: {} }])(
    'refuses a definition that would not do, before anything is sent: %j',
    async (service) => {
      const auth = pages.createAuth(service as never, { credential: pages.apiKey(testKey.token()), runtime })
      for (const work of [auth.fetch(url), auth.headers(url), auth.credential()])
        expect((await caught(work)).code).toBe('invalid_service')
    },
  )

  it('tells a sign-in with a store that is none, when it is asked for a token', async () => {
    const credential = pages.signedIn({ store: {} as never, account: 'work' })
    expect([credential.name, credential.kind]).toEqual(['sign-in "work"', 'access-token'])
    const auth = pages.createAuth(pages.pensyve, { credential, runtime })
    expect((await caught(auth.credential())).code).toBe('invalid_option')
  })

  it('has the documented error of a refusal, and none of what is no refusal', async () => {
    expect(await pages.errorFrom(new Response())).toBeUndefined()
    expect((await pages.errorFrom(new Response(null, { status: 429 })))?.code).toBe('rate_limited')
    const ok = new Response()
    expect(await pages.throwIfRefused(ok)).toBe(ok)
    expect((await caught(pages.throwIfRefused(new Response(null, { status: 503 })))).code).toBe('service_unavailable')
  })
})

describe('a part that cannot be loaded', () => {
  it('is trouble that passes, and nothing raw', async () => {
    const error = await caught(part(Promise.reject(new TypeError('Failed to fetch dynamically imported module'))))
    expect([error.code, error.retryable, error.cause]).toEqual(['temporarily_unavailable', true, undefined])
  })
})
