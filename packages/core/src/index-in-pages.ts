// The same public surface for pages, where what most of them do not need at once is loaded later.
import type * as accounts from './accounts.ts'
import type { AuthOptions } from './auth-context.ts'
import { type Auth, authFor } from './auth-for.ts'
import { requireChecked } from './checked-service.ts'
import type { CredentialSource } from './credential-source.ts'
import type * as device from './device-sign-in.ts'
import type * as echo from './echo.ts'
import { isChecked } from './frozen-service.ts'
import { laterSource } from './later-source.ts'
import { part } from './part.ts'
import type * as saved from './saved-account.ts'
import type { Service } from './service.ts'
import type * as refusals from './service-error.ts'
import type * as signIns from './sign-in.ts'
import type * as signOuts from './sign-out.ts'
import type * as sessions from './signed-in.ts'

export { adapterFor } from './adapter.ts'
export { apiKey } from './api-key.ts'
export { parseChallenge } from './challenge.ts'
export { clientCredentials } from './client-credentials.ts'
export { clientMetadata } from './client-metadata.ts'
export { createSecret } from './credential.ts'
export { isAbsent } from './credential-source.ts'
export { defineService } from './define-service.ts'
export { enterpriseManaged } from './enterprise-managed.ts'
export { PentauthError } from './errors.ts'
export { firstOf } from './first-of.ts'
export { keySource } from './key-source.ts'
export { memoryLock } from './lock.ts'
export { noteSent } from './note-sent.ts'
export { withoutSecrets } from './redaction.ts'
export { relocate } from './relocate.ts'
export { resourceFor } from './resource-for.ts'
export { pendium, pendra, pensyve, pentographer, profundis } from './services.ts'
export { sessionKey } from './session-key.ts'
export { memoryStore } from './store.ts'
export { traceDiagram } from './trace-diagram.ts'
export { withSettings } from './with-settings.ts'
export { workloadIdentity } from './workload-identity.ts'

/** As in Node; a definition of one's own that `defineService` has not seen is refused when it is first used. */
export function createAuth<Names extends string>(service: Service<Names>, options: AuthOptions): Auth<Names> {
  if (service && isChecked(service)) return authFor(service, options)
  let made: Promise<Auth<Names>> | undefined
  const checked = () => {
    made ??= requireChecked(service).then(() => authFor(service, options))
    // What could not be loaded is asked for again.
    made.catch(() => {
      made = undefined
    })
    return made
  }
  return {
    service,
    fetch: async (input, init) => (await checked()).fetch(input, init),
    headers: async (url, wish) => (await checked()).headers(url, wish),
    credential: async (url, wish) => (await checked()).credential(url, wish),
  }
}

export const errorFrom: typeof refusals.errorFrom = async (response) =>
  response.ok ? undefined : (await part(import('./service-error.ts'))).errorFrom(response)

export const withoutEcho: typeof echo.withoutEcho = async (response) =>
  response.ok ? response : (await part(import('./echo.ts'))).withoutEcho(response)

export const throwIfRefused: typeof refusals.throwIfRefused = async (response) =>
  response.ok ? response : (await part(import('./service-error.ts'))).throwIfRefused(response)

/** As in Node; unusable options are refused when a token is first asked for. */
export function signedIn(options: sessions.SignedInOptions): CredentialSource {
  const { account = 'default', name = account === 'default' ? 'sign-in' : `sign-in "${account}"` } = options ?? {}
  return laterSource(name, 'access-token', async () => (await session()).signedIn(options))
}

export const savedAccount: typeof saved.savedAccount = async (...args) => (await session()).savedAccount(...args)

export const listAccounts: typeof accounts.listAccounts = async (...args) =>
  (await part(import('./accounts.ts'))).listAccounts(...args)

export const listSessions: typeof accounts.listSessions = async (...args) =>
  (await part(import('./accounts.ts'))).listSessions(...args)

export const startSignIn: typeof signIns.startSignIn = async (...args) => (await signIn()).startSignIn(...args)

export const finishSignIn: typeof signIns.finishSignIn = async (...args) => (await signIn()).finishSignIn(...args)

export const signOut: typeof signOuts.signOut = async (...args) =>
  (await part(import('./sign-out-in-pages.ts'))).signOut(...args)

export const deviceSignIn: typeof device.deviceSignIn = async (...args) =>
  (await part(import('./device-sign-in.ts'))).deviceSignIn(...args)

const session = () => part(import('./session-in-pages.ts'))
const signIn = () => part(import('./sign-in-in-pages.ts'))
