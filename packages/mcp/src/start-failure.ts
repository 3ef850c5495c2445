import { PentauthError } from '@pentauth/core'
import type { AuthorizedConnection } from './authorized-connection.ts'
import { pentauthErrorIn } from './refusal.ts'

/** A connection that remembers what its last request failed with. */
export interface NotedConnection {
  readonly connection: AuthorizedConnection
  readonly failure: () => PentauthError | undefined
}

export function noted({ fetch, authProvider }: AuthorizedConnection): NotedConnection {
  let failure: PentauthError | undefined
  const noting = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const result = await work
      failure = undefined
      return result
    } catch (error) {
      failure = PentauthError.isInstance(error) ? error : undefined
      throw error
    }
  }
  const { token, onUnauthorized } = authProvider
  return {
    failure: () => failure,
    connection: {
      fetch: (input, init) => noting(fetch(input, init)),
      authProvider: {
        ...authProvider,
        token: () => noting(token()),
        onUnauthorized: (context) => noting(onUnauthorized(context)),
      },
    },
  }
}

/** Has a transport that begins with an event stream fail with the error and not with its text alone, which is all that an event keeps. */
export function explained<Transport>(transport: Transport, failure: NotedConnection['failure']): Transport {
  const { start } = transport as { start?: (this: Transport) => Promise<void> }
  if (typeof start !== 'function') return transport
  const explaining = () =>
    start.call(transport).catch((error: unknown) => {
      throw pentauthErrorIn(error) ?? failure() ?? error
    })
  return Object.defineProperty(transport, 'start', { value: explaining, configurable: true, writable: true })
}
