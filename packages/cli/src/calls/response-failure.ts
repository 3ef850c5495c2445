import { PentauthError, type Service } from '@pentauth/core'
import { connectionHint } from '@pentauth/node'

/** Runs a call to its end; what the platform says of a connection becomes an error that scripts know. */
export async function answered<T>(service: Service, url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (PentauthError.isInstance(error) || !(error instanceof TypeError) || !isOfConnection(error)) throw error
    const { origin } = new URL(url)
    throw new PentauthError({
      code: 'network_error',
      message: `${origin} could not be reached${reasonOf(error)}.`,
      service: service.id,
      hint: (await connectionHint(error, url)) ?? 'Check the network (proxy, DNS, VPN) and the service URL.',
      retryable: true,
    })
  }
}

/** As Node's `fetch` says it, before an answer and within its body. */
function isOfConnection({ message }: TypeError): boolean {
  return /^(?:fetch failed|terminated)$/.test(message)
}

function reasonOf({ cause }: TypeError): string {
  const code = (cause as { readonly code?: unknown } | undefined)?.code
  return typeof code === 'string' ? ` (${code})` : ''
}
