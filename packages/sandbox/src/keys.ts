import type { Accounts } from './accounts.ts'
import type { Clock } from './clock.ts'
import { keyRules } from './key-rules.ts'
import { SandboxError } from './sandbox-error.ts'
import { previewOf, randomHex, sha256 } from './secrets.ts'
import type { ServiceName } from './service-name.ts'

const day = 24 * 60 * 60 * 1000

/** What a service still shows of a key after the moment it was made. */
export interface KeyInfo {
  readonly id: string
  readonly service: ServiceName
  /** The account that made it. */
  readonly account: string
  readonly name: string
  readonly scope?: string
  /** At most the first eight characters. */
  readonly preview: string
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly createdAt: number
  /** When a rotated key stops working, in milliseconds since 1970. */
  readonly endsAt?: number
}

/** A key at the one moment when its value is shown. */
export interface NewKey extends KeyInfo {
  readonly key: string
}

/** What a key is made with. */
export interface KeyOptions {
  /** The account the key speaks for (default: `as`, else `ada`). */
  readonly account?: string | undefined
  /** Pensyve: `mcp` (default), `mcp:read` or `mcp:write`. */
  readonly scope?: string | undefined
  readonly name?: string | undefined
  /** The account that asks. */
  readonly as?: string | undefined
}

/** Who asks; without it the sandbox's owner does, who may do everything. */
export interface ActorOptions {
  readonly as?: string | undefined
}

/** API keys, as each service's console makes them: shown once, kept only as SHA-256. */
export interface Keys {
  /**
   * Makes a key.
   *
   * @throws {SandboxError} `not_entitled`, `key_exists` (Profundis has one key per account: renew it), `invalid_scope`,
   * `not_allowed`, `unknown_account`
   * @example
   * const { key } = sandbox.keys.create('pensyve', { scope: 'mcp:read' })
   */
  create(service: ServiceName, options?: KeyOptions): NewKey
  /**
   * Pensyve's Rotate: a new key of the same scope; the old one works for 24 hours more on the sandbox's clock.
   *
   * @throws {SandboxError} `unknown_key`, `key_in_grace` (it was rotated already), `not_allowed`
   * @example
   * const old = sandbox.keys.create('pensyve')
   * const next = sandbox.keys.rotate('pensyve', old.id)
   */
  rotate(service: 'pensyve', id: string, options?: ActorOptions): NewKey
  /**
   * Profundis' renewal: the previous key stops at once. Without one it makes the first.
   *
   * @throws {SandboxError} `not_entitled`, `unknown_account`
   * @example
   * const { key } = sandbox.keys.renew('profundis')
   */
  renew(service: 'profundis', options?: { readonly account?: string | undefined }): NewKey
  /**
   * Stops a key at once.
   *
   * @throws {SandboxError} `unknown_key`, `not_allowed`
   */
  revoke(service: ServiceName, id: string, options?: ActorOptions): void
  /** The keys that still work, or those of them that `as` may see; never a value. */
  list(service: ServiceName, options?: ActorOptions): readonly KeyInfo[]
}

/** The keys, with the look-up that only the services use. */
export interface KeyStore extends Keys {
  /** The working key with this value. */
  find(service: ServiceName, value: string): Promise<KeyInfo | undefined>
}

interface StoredKey {
  readonly info: KeyInfo
  // A promise because the platform's SHA-256 is asynchronous and making a key is not.
  readonly digest: Promise<string>
}

/** Makes the key store of one sandbox. */
export function createKeys(accounts: Accounts, clock: Clock): KeyStore {
  const stored = new Map<string, StoredKey>()

  const working = (service: ServiceName): StoredKey[] =>
    [...stored.values()].filter(({ info }) => info.service === service && clock.now() < (info.endsAt ?? Infinity))

  const take = (service: ServiceName, id: string, actor: string | undefined): StoredKey => {
    const found = working(service).find(({ info }) => info.id === id)
    // To a member without the right, another's key does not exist; the sandbox says which of the two it is.
    if (found === undefined) throw unknownKey(service)
    if (actor !== undefined && !keyRules[service].mayManage(accounts, actor, found.info.account)) {
      throw notAllowed(service, actor)
    }
    return found
  }

  const make = (service: ServiceName, account: string, name: string, scope: string | undefined): NewKey => {
    const key = keyRules[service].make()
    const info: KeyInfo = {
      id: `key_${randomHex(12)}`,
      service,
      account,
      name,
      ...(scope === undefined ? {} : { scope }),
      preview: previewOf(key),
      createdAt: clock.now(),
    }
    stored.set(info.id, { info, digest: sha256(key) })
    return { ...info, key }
  }

  const entitledAccount = (service: ServiceName, id: string | undefined): string => {
    const account = accounts.get(service, id).id
    if (!keyRules[service].mayHaveKey(accounts, account)) throw notEntitled(account)
    return account
  }

  return {
    create(service, options = {}) {
      const { scopes, onePerAccount } = keyRules[service]
      const account = entitledAccount(service, options.account ?? options.as)
      // No console offers to make a key in another's name.
      if (options.as !== undefined && options.as !== account) throw notAllowed(service, options.as)
      const scope = options.scope ?? scopes[0]
      if (scope !== undefined && !scopes.includes(scope)) throw invalidScope(service, scope, scopes)
      if (onePerAccount && working(service).some(({ info }) => info.account === account)) throw keyExists(account)
      return make(service, account, options.name ?? 'key', scope)
    },
    rotate(service, id, options = {}) {
      const old = take(service, id, options.as)
      if (old.info.endsAt !== undefined) throw keyInGrace()
      const next = make(service, old.info.account, old.info.name, old.info.scope)
      // Each old key has its own end: rotating the new one later does not move it.
      stored.set(id, { ...old, info: { ...old.info, endsAt: clock.now() + day } })
      return next
    },
    renew(service, options = {}) {
      const account = entitledAccount(service, options.account)
      const previous = working(service).find(({ info }) => info.account === account)
      if (previous !== undefined) stored.delete(previous.info.id)
      return make(service, account, previous?.info.name ?? 'key', undefined)
    },
    revoke(service, id, options = {}) {
      stored.delete(take(service, id, options.as).info.id)
    },
    list(service, options = {}) {
      const infos = working(service).map(({ info }) => info)
      const actor = options.as
      if (actor === undefined) return infos
      return infos.filter((info) => keyRules[service].mayManage(accounts, actor, info.account))
    },
    async find(service, value) {
      const digest = await sha256(value)
      const candidates = await Promise.all(
        working(service).map(async (key) => ((await key.digest) === digest ? key.info : undefined)),
      )
      return candidates.find((info) => info !== undefined)
    },
  }
}

// The id is not repeated: whoever gave the key itself by mistake would find it in their logs.
const unknownKey = (service: ServiceName): SandboxError =>
  new SandboxError({
    code: 'unknown_key',
    message: `The ${service} sandbox has no working key with this id.`,
    hint: 'Give the id that keys.create returned, not the key; keys.list shows the ids that are left.',
  })

const notAllowed = (service: ServiceName, actor: string): SandboxError =>
  new SandboxError({
    code: 'not_allowed',
    message: `${JSON.stringify(actor)} may not manage this ${service} credential.`,
    hint: 'Act as the account that made it, or as one whose role allows it.',
  })

const notEntitled = (account: string): SandboxError =>
  new SandboxError({
    code: 'not_entitled',
    message: `${JSON.stringify(account)} is a Free account with only its monthly credits: it cannot have an API key.`,
    hint: "Give it a paid plan or purchased credits: accounts.update('profundis', id, { purchasedCredits: 100 }).",
  })

const invalidScope = (service: ServiceName, scope: string, scopes: readonly string[]): SandboxError =>
  new SandboxError({
    code: 'invalid_scope',
    message: `${service} has no key scope ${JSON.stringify(scope)}.`,
    hint: scopes.length === 0 ? 'Its keys have no scope.' : `It has ${scopes.join(', ')}.`,
  })

const keyExists = (account: string): SandboxError =>
  new SandboxError({
    code: 'key_exists',
    message: `${JSON.stringify(account)} already has its one API key.`,
    hint: "Use keys.renew('profundis'): the previous key stops at once.",
  })

const keyInGrace = (): SandboxError =>
  new SandboxError({
    code: 'key_in_grace',
    message: 'This key was rotated already and is in its 24-hour grace period.',
    hint: 'Rotate the key that replaced it.',
  })
