// The public contract of @pentauth/core: this file is compiled, not run. A change that breaks it breaks users.
import {
  type AccessToken,
  type ApiKey,
  type Auth,
  apiKey,
  type Credential,
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  errorFrom,
  firstOf,
  PentauthError,
  type PentauthErrorCode,
  parseChallenge,
  relocate,
  resourceFor,
  type Service,
  type Tried,
  throwIfRefused,
} from '@pentauth/core'
import { createHttp } from '@pentauth/core/ky'
import { parseService } from '@pentauth/core/schema'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '@pentauth/core/services'

export async function auth(): Promise<void> {
  const source: CredentialSource = firstOf(
    apiKey('psy_your_key_here'),
    apiKey(() => 'psy_your_key_here'),
    apiKey(async () => 'psy_your_key_here', { name: 'vault' }),
    clientCredentials({ clientId: 'ptgc_your_client_id', clientSecret: 'ptgs_your_client_secret' }),
  )
  const held: Auth = createAuth(pensyve, {
    credential: source,
    runtime: { now: () => 0 },
    onEvent: (event) => event.type,
  })
  const service: Service = held.service
  const { fetch } = held
  const response: Response = await fetch(new URL(service.resources.rest?.url ?? ''), { method: 'POST' })
  await fetch(new Request('https://api.pensyve.com/v1/recall'))
  const headers: Record<string, string> = await held.headers('https://api.pensyve.com/v1/recall', {
    header: 'authorization',
  })
  const credential: Credential = await held.credential()
  const kinds: ApiKey['kind'] | AccessToken['kind'] = credential.kind
  const error: PentauthError | undefined = await errorFrom(response)
  const same: Response = await throwIfRefused(response)
  void [headers, kinds, error, same]
}

export function definitions(): void {
  const five: readonly Service[] = [pendium, pensyve, profundis, pentographer, pendra]
  const all: readonly Service[] = services
  const rest: string = pendra.resources.rest.url
  const name: string = resourceFor(pendra, rest).name
  const local: Service = relocate(pendium, { 'https://pendium.ai': 'http://127.0.0.1:4100' })
  const own: Service = defineService(parseService({}))
  const scheme: string | undefined = parseChallenge('Bearer realm="x"')[0]?.scheme
  createHttp(createAuth(pendium, { credential: apiKey('pendium_your_key') }), { retry: 0 })
  void [five, all, name, local, own, scheme]
}

export function errors(value: unknown): void {
  if (!PentauthError.isInstance(value)) return
  const code: PentauthErrorCode = value.code
  const message: string = value.message
  const retryable: boolean = value.retryable
  const facts: readonly (string | number | undefined)[] = [
    value.service,
    value.status,
    value.hint,
    value.link,
    value.retryAfter,
  ]
  const parameters: Readonly<Record<string, string>> | undefined = value.parameters
  const tried: readonly Tried[] | undefined = value.tried
  const cause: unknown = value.cause
  const json: Record<string, unknown> = value.toJSON()
  void [code, message, retryable, facts, parameters, tried, cause, json]
}
