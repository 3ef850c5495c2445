// The public contract of @pentauth/core: this file is compiled, not run. A change that breaks it breaks users.
import Anthropic from '@anthropic-ai/sdk'
import {
  type Absent,
  type AccessToken,
  type ApiKey,
  type Auth,
  type AuthOptions,
  apiKey,
  type Challenge,
  type Credential,
  type CredentialRequest,
  type CredentialSource,
  clientCredentials,
  createAuth,
  createSecret,
  defineService,
  type EventListener,
  errorFrom,
  firstOf,
  type HeadersOptions,
  type IdentityToken,
  type IdentityTokenRequest,
  type IdentityTokenSource,
  keySource,
  type NamedResource,
  noteSent,
  PentauthError,
  type PentauthErrorCode,
  type PentauthErrorInit,
  type PentauthEvent,
  parseChallenge,
  type Resource,
  type Runtime,
  relocate,
  resourceFor,
  type Secret,
  type Service,
  type SigningKey,
  type Tried,
  throwIfRefused,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '@pentauth/core'
import { createHttp } from '@pentauth/core/ky'
import { parseService, serviceSchema } from '@pentauth/core/schema'
import { type AnthropicOptions, anthropicOptions, type OpenAIOptions, openaiOptions } from '@pentauth/core/sdk'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '@pentauth/core/services'
import OpenAI from 'openai'

export async function auth(): Promise<void> {
  const source: CredentialSource = firstOf(
    apiKey('psy_your_key_here'),
    apiKey(() => 'psy_your_key_here'),
    apiKey(async () => 'psy_your_key_here', { name: 'vault', refusedGrace: 60 }),
    apiKey(['psy_your_key_here', 'psy_your_next_key_here']),
    apiKey([process.env.CURRENT_KEY, process.env.NEXT_KEY]),
    clientCredentials({ clientId: 'ptgc_your_client_id', clientSecret: 'ptgs_your_client_secret' }),
  )
  const runtime: Partial<Runtime> = {
    fetch: (input, init) => fetch(input, init),
    crypto,
    now: () => 0,
    sleep: async () => undefined,
    redirects: 'self',
  }
  const onEvent: EventListener = (event: PentauthEvent) => event.type
  const options: AuthOptions = { credential: source, runtime, onEvent }
  const held: Auth = createAuth(pensyve, options)
  const service: Service = held.service
  const asFetch: typeof fetch = held.fetch
  const response: Response = await asFetch(new URL(service.resources.rest?.url ?? ''), { method: 'POST' })
  await asFetch(new Request('https://api.pensyve.com/v1/recall'))
  await asFetch('https://api.pensyve.com/v1/recall')
  const sent: string[] = []
  await asFetch(
    'https://api.pensyve.com/v1/recall',
    noteSent({ method: 'POST' }, (forms) => void sent.push(...forms)),
  )
  const either: HeadersOptions[] = [{ header: 'authorization' }, { header: 'x-api-key' }]
  const headers: Record<string, string> = await held.headers(new URL('https://api.pensyve.com/v1/recall'), either[0])
  const credential: Credential = await held.credential()
  await held.credential('https://api.pensyve.com/v1/recall')
  const kinds: ApiKey['kind'] | AccessToken['kind'] = credential.kind
  const error: PentauthError | undefined = await errorFrom(response)
  const same: Response = await throwIfRefused(response)
  void [headers, kinds, error, same]
}

export function withoutAPerson(privateKey: SigningKey): readonly CredentialSource[] {
  const issuer = 'https://auth.acme.example'
  const token: IdentityTokenSource = {
    name: 'the vault',
    missing: () => undefined,
    async read({ service, now, ask }: IdentityTokenRequest) {
      const response = await ask('vault', `https://vault.example/${service.id}?at=${now()}`, { headers: {} })
      return response.text()
    },
  }
  const either: IdentityToken[] = [token, () => 'eyJ…', async () => 'eyJ…']
  const options: WorkloadIdentityOptions = {
    ...{ token, grant: 'token-exchange', issuer, scope: 'read', audience: 'acme', resource: 'https://acme.example' },
    ...{ subjectTokenType: 'urn:acme:token', requestedTokenType: 'urn:acme:token', name: 'vault' },
    ...{ clientId: 'agent', clientSecret: 'its_secret', privateKey },
  }
  return [
    ...either.map((one) => workloadIdentity({ token: one, grant: 'jwt-bearer' })),
    workloadIdentity(options),
    clientCredentials({ clientId: 'agent', privateKey }, { issuer, scope: 'read' }),
    clientCredentials({ clientId: 'agent', assertion: token }),
  ]
}

export function ownSources(): readonly CredentialSource[] {
  const secret: Secret = createSecret('psy_your_key_here')
  const none: Absent = { absent: 'not in the vault', next: 'vault write pensyve' }
  const own: CredentialSource = {
    name: 'vault',
    kind: 'api-key',
    get: ({ service, resource }: CredentialRequest) =>
      service.id === resource.name ? none : { kind: 'api-key', secret, source: 'vault' },
    renew: async (refused: Credential) => (refused.secret.reveal() === secret.reveal() ? undefined : refused),
    accepted: (_credential: Credential) => undefined,
    present: () => true,
    passedOver: () => [],
  }
  const reader = keySource('vault', () => none, { reads: 'after-refusal', refusedGrace: 60 })
  const client = clientCredentials(
    { clientId: 'ptgc_your_client_id', clientSecret: 'ptgs_your_client_secret' },
    { name: 'vault', from: { clientId: 'vault: id', clientSecret: 'vault: secret' } },
  )
  return [own, reader, client]
}

export function definitions(): void {
  const five: readonly Service[] = [pendium, pensyve, profundis, pentographer, pendra]
  const all: readonly Service[] = services
  const rest: string = pendra.resources.rest.url
  const resource: Resource & NamedResource = resourceFor(pendra, new URL(rest))
  const name: string = resourceFor(pendra, rest).name
  const local: Service = relocate(pendium, { 'https://pendium.ai': 'http://127.0.0.1:4100' })
  relocate(pendium, { 'https://pendium.ai': 'http://pendium.test' }, { dangerouslyAllowPlainHttp: true })
  const own: Service = defineService(parseService({}))
  const parsed: Service = serviceSchema.parse({})
  const challenges: Challenge[] = parseChallenge('Bearer realm="x"')
  const scheme: string | undefined = challenges[0]?.scheme ?? challenges[0]?.parameters.realm ?? challenges[0]?.token68
  createHttp(createAuth(pendium, { credential: apiKey('pendium_your_key') }), { retry: 0 })
  void [five, all, resource, name, local, own, parsed, scheme]
}

export function sdks(): void {
  const held = createAuth(pendra, { credential: apiKey('pdr_sk_your_key_here') })
  const ofOpenAI: OpenAIOptions = openaiOptions(held)
  const ofAnthropic: AnthropicOptions = anthropicOptions(held)
  new OpenAI(ofOpenAI)
  new OpenAI({ ...openaiOptions(held, { baseURL: 'https://api.pendra.ai/v1' }), maxRetries: 0 })
  new Anthropic(ofAnthropic)
  new Anthropic({ ...ofAnthropic, defaultHeaders: { ...ofAnthropic.defaultHeaders, 'x-team': 'a' } })
  const addresses: Service['sdk'] = { openai: ofOpenAI.baseURL, anthropic: ofAnthropic.baseURL }
  void addresses
}

export function errors(value: unknown): void {
  if (!PentauthError.isInstance(value)) return
  const code: PentauthErrorCode = value.code
  const message: string = value.message
  const retryable: boolean = value.retryable
  const docs: string = value.docs
  const facts: readonly (string | number | undefined)[] = [
    value.service,
    value.status,
    value.hint,
    value.wayOut,
    value.link,
    value.retryAfter,
  ]
  const parameters: Readonly<Record<string, string>> | undefined = value.parameters
  const tried: readonly Tried[] | undefined = value.tried
  const cause: unknown = value.cause
  const json: Record<string, unknown> = value.toJSON()
  const init: PentauthErrorInit = { code, message, retryable }
  throw new PentauthError({ ...init, cause: [docs, facts, parameters, tried, cause, json] })
}
