import { type ApiKey, createSecret } from './credential.ts'
import type { CredentialRequest, CredentialSource } from './credential-source.ts'
import type { KeySourceOptions } from './key-source.ts'
import { laterSource } from './later-source.ts'
import { part } from './part.ts'
import { perKey } from './per-key.ts'
import { checkGrace } from './refused-grace.ts'
import type { Service } from './service.ts'

export interface ApiKeyOptions extends Pick<KeySourceOptions, 'refusedGrace'> {
  /** Name of the source in messages; `option "credential"` unless given. */
  readonly name?: string | undefined
}

/**
 * An API key by value, a pair of them for a rotation, or a function that is called once and again after a refusal.
 *
 * Of a pair the first is used until the service refuses it, then the second; a blank one counts as not there. A function is called
 * once for all callers who need a key at that moment.
 *
 * @throws PentauthError (when first used) `malformed_credential`, `wrong_credential`; `temporarily_unavailable` while a refused key's
 *   successor is awaited (`refusedGrace`).
 * @example
 * ```ts
 * const auth = createAuth(pendra, { credential: apiKey(() => process.env.PENDRA_API_KEY) })
 * ```
 */
export function apiKey(
  value:
    | string
    | readonly [current: string | undefined, next?: string | undefined]
    | (() => string | undefined | Promise<string | undefined>),
  options: ApiKeyOptions = {},
): CredentialSource {
  const { name = 'option "credential"', refusedGrace } = options
  if (typeof value === 'string' && refusedGrace === undefined) return fixedKey(name, value)
  checkGrace(refusedGrace)
  return laterSource(name, 'api-key', async () =>
    (await part(import('./several-keys.ts'))).severalKeys(name, value, refusedGrace),
  )
}

/** A key that stays as it is: with nothing to read and no other to try, there is nothing to do after a refusal. */
function fixedKey(name: string, value: string): CredentialSource {
  const statesOf = perKey<Service, Record<'strict' | 'relocated', KeyState>>(() => ({ strict: {}, relocated: {} }))
  return {
    name,
    kind: 'api-key',
    get(request) {
      // What passes for a relocated resource need not pass for others.
      const state = statesOf(request.service)[request.resource.relocated ? 'relocated' : 'strict']
      if (isUsual(request.service, value)) state.key ??= { kind: 'api-key', secret: createSecret(value), source: name }
      state.checking ??= state.key ? undefined : checked(state, request).finally(() => delete state.checking)
      return state.key ?? (state.checking as Promise<ApiKey>)
    },
  }

  async function checked(state: KeyState, request: CredentialRequest): Promise<ApiKey> {
    const { checkKey } = await part(import('./key-format.ts'))
    const { key, suspicion: reason } = checkKey(request, value, name)
    if (reason) request.emit?.({ type: 'credential_suspect', source: name, reason })
    state.key = { kind: 'api-key', secret: createSecret(key), source: name }
    return state.key
  }
}

interface KeyState {
  key?: ApiKey | undefined
  checking?: Promise<ApiKey> | undefined
}

/** Whether nothing about a key of that form can be wrong, so that the check of it need not be loaded. */
function isUsual({ apiKey: { prefix, pattern = '' } = {} as never }: Service, key: string): boolean {
  return Boolean(
    prefix &&
      key.startsWith(prefix) &&
      /^[\w-]+$/.test(key) &&
      !/your|x{4}$/i.test(key) &&
      new RegExp(pattern).test(key),
  )
}
