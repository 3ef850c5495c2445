import { type Credential, summarize } from './credential.ts'
import { type CredentialRequest, type CredentialSource, isAbsent, requireSource } from './credential-source.ts'
import { emitter } from './emitter.ts'
import type { Emit, EventListener } from './events.ts'
import { refuseCredential, selectHeader } from './header-selection.ts'
import { part } from './part.ts'
import { perKey } from './per-key.ts'
import { type NamedResource, type ResourceLookup, resourceLookup } from './resource-lookup.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'
import { runtimeFor } from './service-settings.ts'
import { isThenable } from './thenable.ts'

export interface AuthOptions {
  /** Where the credential comes from. */
  readonly credential: CredentialSource
  /** Replaces parts of the platform, such as `fetch` or the clock. */
  readonly runtime?: Partial<Runtime> | undefined
  /** Told what happens, without any secret. */
  readonly onEvent?: EventListener | undefined
}

/** What the steps of a request share. */
export interface AuthContext {
  readonly service: Service
  readonly source: CredentialSource
  readonly runtime: Runtime
  readonly emit: Emit
  readonly find: ResourceLookup
  readonly requestFor: (resource: NamedResource) => CredentialRequest
  /** Answers without a promise when a fresh credential is at hand. */
  readonly credentialFor: (
    resource: NamedResource,
    sends?: boolean,
    minLife?: number,
  ) => Credential | Promise<Credential>
}

/** Prepares what the requests of one `Auth` share; nothing is read or sent. */
export function createContext(service: Service, options: AuthOptions): AuthContext {
  // Own properties only, since anybody may have polluted Object.prototype; JavaScript callers may leave the options out altogether.
  const { credential, onEvent, runtime: given }: AuthOptions = Object.assign(Object.create(null), options)
  const source = requireSource(credential)
  const runtime = runtimeFor(service, given)
  const emit = emitter(service.id, onEvent)
  const facts = { service, runtime, emit }
  const requestFor = perKey((resource: NamedResource): CredentialRequest => ({ ...facts, resource, sends: true }))
  const questionFor = perKey((resource: NamedResource): CredentialRequest => ({ ...facts, resource, sends: false }))
  const introduced = new WeakSet<NamedResource>()
  const announced = new WeakMap<NamedResource, Credential>()

  const context: AuthContext = {
    service,
    source,
    runtime,
    emit,
    find: resourceLookup(service),
    requestFor,
    credentialFor(resource, sends = false, minLife) {
      if (emit && !introduced.has(resource)) {
        introduced.add(resource)
        introduce(emit, service, resource)
      }
      const request = sends ? requestFor(resource) : questionFor(resource)
      const found = source.get(minLife === undefined ? request : { ...request, minLife })
      // Without a promise and with nothing left to tell, the answer is immediate: this is the hot path.
      if (!isThenable(found) && !isAbsent(found) && (!emit || announced.get(resource) === found)) return found
      return settle(resource, found)
    },
  }

  async function settle(resource: NamedResource, pending: ReturnType<CredentialSource['get']>): Promise<Credential> {
    const found = await pending
    if (isAbsent(found)) {
      if (Object.hasOwn(found, 'error')) throw found.error
      const { absent, next } = found
      const { noCredential } = await part(import('./no-credential.ts'))
      throw noCredential(requestFor(resource), [{ source: source.name, result: absent, ...(next ? { next } : {}) }])
    }
    if (emit && announced.get(resource) !== found) {
      const header = selectHeader(resource, found) ?? (await refuseCredential(service, resource, found))
      announced.set(resource, found)
      emit({
        type: 'credential_selected',
        resource: resource.name,
        credential: await summarize(found, runtime.crypto),
        header,
        passedOver: source.passedOver?.(requestFor(resource)) ?? [],
      })
    }
    return found
  }

  return context
}

/** What is told once about a resource, before its first credential. */
function introduce(emit: NonNullable<Emit>, service: Service, resource: NamedResource): void {
  const { notice, relocatedBy: by } = service
  if (notice && !resource.relocated) emit({ type: 'service_notice', notice })
  if (by && resource.relocated) emit({ type: 'service_relocated', resource: resource.name, url: resource.url, by })
}
