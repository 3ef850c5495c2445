import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, createAuth, errorFrom, PentauthError, relocate, type Service } from '../src/index.ts'
import { pendium, pendra, pensyve } from '../src/services.ts'
import { json, serve } from './support/server.ts'

const full = new PentauthError({
  code: 'rate_limited',
  message: 'Slow down.',
  service: 'pensyve',
  status: 429,
  parameters: { a: 'b' },
  hint: 'Wait.',
  wayOut: 'get_account',
  link: 'https://pensyve.com',
  retryable: true,
  retryAfter: 7,
  tried: [
    { source: 'A', result: 'not set', next: 'set it' },
    { source: 'B', result: 'empty' },
  ],
  cause: new Error('why'),
})
const bare = new PentauthError({ code: 'timeout', message: 'x' })

/** What a logger writes for an object with an error in it, and what a reader of the log gets. */
const logged = (error: unknown) => JSON.parse(JSON.stringify({ level: 50, err: error })).err

describe('toJSON', () => {
  it('gives plain data with every fact, which JSON and structuredClone keep as it is', () => {
    expect(full.toJSON()).toEqual({
      name: 'PentauthError',
      code: 'rate_limited',
      message: 'Slow down. Wait.',
      service: 'pensyve',
      status: 429,
      parameters: { a: 'b' },
      hint: 'Wait.',
      wayOut: 'get_account',
      link: 'https://pensyve.com',
      docs: '@pentauth/core/docs/errors/rate_limited.md',
      retryable: true,
      retryAfter: 7,
      tried: [
        { source: 'A', result: 'not set', next: 'set it' },
        { source: 'B', result: 'empty' },
      ],
    })
    for (const error of [full, bare]) {
      expect(logged(error)).toStrictEqual(error.toJSON())
      expect(structuredClone(error.toJSON())).toStrictEqual(error.toJSON())
    }
  })

  it('has no fact without a value, no stack and no cause', () => {
    expect(Object.keys(bare.toJSON())).toEqual(['name', 'code', 'message', 'docs', 'retryable'])
    expect(JSON.stringify(bare)).not.toMatch(/undefined|null|stack|cause/)
    expect(Object.keys(full.toJSON())).not.toContain('cause')
  })

  it('gives copies, so that what a logger takes out of them stays in the error', () => {
    const data = full.toJSON() as { parameters: Record<string, string>; tried: { source: string }[] }
    data.parameters.a = '[redacted]'
    for (const row of data.tried) row.source = '[redacted]'
    expect(full.parameters).toEqual({ a: 'b' })
    expect(full.tried?.map(({ source }) => source)).toEqual(['A', 'B'])
  })
})

describe('an error in other hands', () => {
  it('is an error with its message after structuredClone, as platforms keep no more', () => {
    for (const error of [full, bare]) {
      const clone = structuredClone(error)
      expect(clone).toBeInstanceOf(Error)
      expect(clone.message).toBe(error.message)
    }
  })

  it('shows its facts to loggers that copy what can be enumerated, instead of calling toJSON', () => {
    const copy: Record<string, unknown> = { type: full.name, message: full.message }
    for (const key in full) copy[key] = (full as unknown as Record<string, unknown>)[key]
    expect(JSON.parse(JSON.stringify(copy))).toEqual({ type: 'PentauthError', ...full.toJSON() })
    expect(copy).not.toHaveProperty('cause')
  })
})

describe('an answer that repeats the key', () => {
  /** What a program logs of the error behind an answer that is made of the key it was sent. */
  async function answered(service: Service, answer: (key: string) => object) {
    const given = testKey[service.id as 'pendra' | 'pensyve' | 'pendium']()
    const { status, body, headers } = { status: 403, body: {}, headers: {}, ...answer(given) }
    const server = await serve((response) => json(response, status, body, headers))
    const [resource] = Object.values(service.resources)
    const origin = new URL(resource?.url ?? '').origin
    const auth = createAuth(relocate(service, { [origin]: server.origin }), { credential: apiKey(given) })
    return errorFrom(await auth.fetch(`${server.origin}${new URL(resource?.url ?? '').pathname}/models`))
  }

  const answers = [
    ['in the message', pendra, (key: string) => ({ status: 500, body: { detail: `no ${key}`, message: key } })],
    [
      'in a parameter',
      pendra,
      (key: string) => ({
        status: 404,
        body: { detail: `Model '${key}' is in the catalogue but no connected worker has it installed yet` },
      }),
    ],
    [
      'in the agent',
      pendium,
      (key: string) => ({
        status: 401,
        body: {
          error: `Agent with syntheticId=${key} not found or you don't have access. Use the get_account tool to see your agents.`,
        },
      }),
    ],
    [
      'in the scope',
      pensyve,
      (key: string) => ({
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${key} mcp"` },
      }),
    ],
    [
      'in the challenge',
      pensyve,
      (key: string) => ({
        status: 401,
        headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${key}"` },
      }),
    ],
  ] as const

  it.each(answers)('%s is not in the log', async (_place, service, answer) => {
    const error = await answered(service, answer)
    expectNoMarker(error)
    expectNoMarker(logged(error))
    expect(JSON.stringify(error)).toContain('[secret]')
    expect(error?.docs).toBe(`@pentauth/core/docs/errors/${error?.code}.md`)
  })

  it('finds an answer for each text of an error', async () => {
    const found = await Promise.all(answers.map(([, service, answer]) => answered(service, answer)))
    expect(found.map((error) => error?.code)).toEqual([
      'service_unavailable',
      'not_found',
      'agent_not_accessible',
      'insufficient_scope',
      'credential_refused',
    ])
    expect(found[1]?.parameters?.model).toBe('[secret]')
    expect(found[2]?.parameters?.syntheticId).toBe('[secret]')
    expect(found[3]?.parameters?.scope).toBe('[secret] mcp')
  })

  it('logs what was tried, link by link', async () => {
    const error = await caught(
      createAuth(pensyve, { credential: { name: 'store', get: () => ({ absent: 'empty' }) } }).credential(),
    )
    expect(logged(error)).toMatchObject({ code: 'no_credential', tried: [{ source: 'store', result: 'empty' }] })
  })
})
