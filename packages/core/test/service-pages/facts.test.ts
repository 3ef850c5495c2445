import { facts as allFacts, type ServiceFacts, type ServiceName } from '@pentauth/sandbox'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  apiKey,
  clientCredentials,
  createAuth,
  type PentauthError,
  type Resource,
  type Service,
} from '../../src/index.ts'
import { services } from '../../src/services.ts'
import { refusalOf } from './world.ts'

// The sandbox wrote its facts from the same pages without looking at these definitions; where the two differ on purpose,
// the difference and its reason stand here.

/** Names of resources; the sandbox answers /v1/responses as a part of /v1, core names it because the page does. */
const names: Record<string, string> = { 'pendra api': 'rest', 'pendra root': 'v1' }
const onlyInCore = ['https://api.pendra.ai/v1/responses']
/** Core sends a key in the header that was seen in use; the sandbox would also take the assumed Bearer. */
const keyHeaders: Record<string, readonly string[]> = { 'profundis rest': ['x-api-key'] }
/** Found in public clients and not on the page, which is all the sandbox lists as extra headers. */
const extraHeaders: Record<string, Record<string, string>> = { 'profundis rest': { accept: 'text/event-stream' } }
/** Pages disagree on Pendium's prefix: core must not block a key for it, whatever the sandbox calls its origin. */
const prefixSources: Partial<Record<ServiceName, string>> = { pendium: 'assumed' }
/** A newer page says that tokens are refreshed; the sandbox lists what the authentication page says. */
const foundGrants: Partial<Record<ServiceName, string[]>> = { pendium: ['refresh_token'] }
/** An assumption: the page speaks of an authorization server and gives no address, so the sandbox has none either. */
const tokenEndpointOnlyInCore = ['profundis']

/** The code each of the sandbox's refusals must have. */
const codes: Record<string, string> = {
  'pendium missingCredential': 'authentication_required',
  'pendium invalidCredential': 'credential_refused',
  'pendium agentNotAccessible': 'agent_not_accessible',
  'pendium readOnly': 'read_only_account',
  'pensyve missingCredential': 'authentication_required',
  'pensyve invalidCredential': 'credential_refused',
  'pensyve insufficientScope': 'insufficient_scope',
  'pensyve rateLimited': 'rate_limited',
  // Nothing but a 401 is documented, so both are "check the credential".
  'profundis missingCredential': 'credential_refused',
  'profundis invalidCredential': 'credential_refused',
  'profundis notEntitled': 'not_entitled',
  'profundis outOfCredits': 'insufficient_credits',
  'pentographer unauthorized': 'credential_refused',
  'pentographer unsupportedGrantType': 'token_request_rejected',
  'pentographer missingClientCredentials': 'token_request_rejected',
  'pentographer invalidClient': 'client_refused',
  'pendra invalidCredential': 'credential_refused',
  'pendra consoleOnly': 'console_only',
  'pendra noWorker': 'not_found',
  'pendra rateLimited': 'rate_limited',
}
const atTokenEndpoint = ['unsupportedGrantType', 'missingClientCredentials', 'invalidClient']
/** No row of the definition: the challenge says it all, or the status does and the text is assumed. */
const withoutRow = ['pensyve insufficientScope', 'pendra rateLimited']

const table = services.map((service) => ({
  service,
  id: service.id as ServiceName,
  facts: allFacts[service.id as ServiceName],
}))
const refusals = table.flatMap(({ service, id, facts }) =>
  Object.entries(facts.errors).map(([name, error]) => ({ service, id, name, error, row: `${id} ${name}` })),
)
const resourceAt = (service: Service, url: string): [string, Resource] | undefined =>
  Object.entries<Resource>(service.resources).find(([, resource]) => resource.url === url)

describe.each(table)("$id: the sandbox's facts and core's definition", ({ service, id, facts }) => {
  it('are of the same service', () => expect([facts.name, facts.title]).toEqual([service.id, service.name]))

  it.each(facts.resources)('$url: the same headers', (fact) => {
    const [name, resource] = resourceAt(service, fact.url) ?? []
    const place = `${id} ${fact.name}`
    expect(name).toBe(names[place] ?? fact.name)
    expect(resource?.protocol).toBe(fact.kind === 'inference' ? 'rest' : fact.kind)
    expect(resource?.apiKey).toEqual(keyHeaders[place] ?? fact.headers.apiKey)
    expect(resource?.accessToken ? ['authorization'] : undefined).toEqual(fact.headers.accessToken)
    expect(resource?.headers).toEqual(extraHeaders[place] ?? fact.extraHeaders)
  })

  it('no resource is missing in the facts', () => {
    const urls = Object.values<Resource>(service.resources).map(({ url }) => url)
    const known = facts.resources.map(({ url }) => url)
    expect(urls.filter((url) => !known.includes(url))).toEqual(urls.filter((url) => onlyInCore.includes(url)))
  })

  it('every emulated resource is at an origin the sandbox answers for', () => {
    const emulated = facts.resources.filter((resource) => resource.emulated)
    expect(emulated.every(({ url }) => facts.origins.includes(new URL(url).origin))).toBe(true)
  })

  it('keys: prefix, pattern, variable', () => {
    const { prefix, prefixSource, pattern, env } = service.apiKey ?? {}
    expect({ prefix, pattern, env }).toEqual({
      prefix: facts.key.prefix,
      pattern: facts.key.pattern,
      env: facts.env.apiKey,
    })
    if (prefix) expect(prefixSource).toBe(prefixSources[id] ?? sourceOf(facts.key))
  })

  it('scopes and their operations, and the default', () => {
    const sorted = (scopes: Readonly<Record<string, readonly string[]>>) =>
      Object.fromEntries(Object.entries(scopes).map(([scope, operations]) => [scope, [...operations].sort()]))
    expect(sorted(service.scopes?.operations ?? {})).toEqual(sorted(facts.scopes))
    expect(service.scopes?.default).toBe(facts.defaultScope)
  })

  it('clients: prefixes', () => {
    expect(service.oauth?.clientIdPrefix).toBe(facts.client?.idPrefix)
    expect(service.oauth?.clientSecretPrefix).toBe(facts.client?.secretPrefix)
  })

  it('the token endpoint and its grants', () => {
    if (tokenEndpointOnlyInCore.includes(id)) return expect(facts.tokenEndpoint).toBeUndefined()
    expect(service.oauth?.tokenEndpoint).toBe(facts.tokenEndpoint?.url)
    const grants = facts.tokenEndpoint && [...facts.tokenEndpoint.grants, ...(foundGrants[id] ?? [])]
    expect(service.oauth?.grants).toEqual(grants)
  })

  it('the day it closed, for those that did', () => {
    expect(service.notice?.includes(facts.closedOn ?? '?') ?? false).toBe(facts.closedOn !== undefined)
  })

  it('no refusal of the definition is unknown to the facts', () => {
    const said = Object.values(facts.errors)
    const unknown = service.errors.filter(
      ({ status, message, source }) =>
        source !== 'assumed' && !said.some((fact) => (status ?? fact.status) === fact.status && saysIt(message, fact)),
    )
    // The texts of an older page are behind a switch of the sandbox, and held by the tests of that page.
    const older = [
      'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp',
      'Invalid API key. Check your key at https://pendium.ai/mcp',
    ]
    expect(unknown.map(({ message }) => message)).toEqual(id === 'pendium' ? older : [])
  })
})

describe("every refusal in the sandbox's facts is recognised", () => {
  it('and has a row here', () => expect(refusals.map(({ row }) => row).sort()).toEqual(Object.keys(codes).sort()))

  it.each(refusals)('$row', async ({ service, id, name, error: fact, row }) => {
    const error = await (atTokenEndpoint.includes(name)
      ? fromTokenEndpoint(service, fact)
      : fromResource(service, id, fact, row))
    expect(error).toMatchObject({ code: codes[row], status: fact.status, service: id })
    expect(error.link).toMatch(/^https:\/\//)
    if (atTokenEndpoint.includes(name)) return
    expect(error.hint?.length).toBeGreaterThan(20)
    const isDocumented = service.errors.some(({ hint }) => error.hint?.startsWith(hint))
    expect(isDocumented).toBe(!withoutRow.includes(row))
    if (row === 'pendium agentNotAccessible') expect(error.parameters).toEqual({ syntheticId: 'X' })
    if (row === 'pendra noWorker') expect(error.parameters).toEqual({ model: 'X' })
  })
})

type Fact = ServiceFacts['errors'][string]

const sourceOf = ({ source }: { source: string }) => (source === 'page' ? 'documented' : source)

/** Whether a fact's text, or its code, is the documented message; X stands for any parameter. */
function saysIt(message: string | undefined, fact: Fact): boolean {
  if (message === undefined) return true
  return [fact.text, ...Object.values(fact.body)].includes(message.replace(/\{\w+\}/g, 'X'))
}

const answer = (fact: Fact, headers: Record<string, string> = {}) =>
  Response.json(fact.body, { status: fact.status, headers })

async function fromResource(service: Service, id: ServiceName, fact: Fact, row: string): Promise<PentauthError> {
  // The scope refusal is made of its challenge (RFC 6750 section 3.1), which the facts do not hold.
  const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mcp:write"' }
  const headers: Record<string, string> = row === 'pensyve insufficientScope' ? challenge : {}
  const auth = createAuth(service, {
    credential: apiKey(testKey[id]()),
    runtime: { fetch: async () => answer(fact, headers) },
  })
  const { url } = Object.values<Resource>(service.resources).find((resource) => resource.apiKey) ?? { url: '' }
  return refusalOf(await auth.fetch(url))
}

function fromTokenEndpoint(service: Service, fact: Fact): Promise<PentauthError> {
  const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }
  const runtime = { fetch: async () => answer(fact) }
  return caught(createAuth(service, { credential: clientCredentials(client), runtime }).credential())
}
