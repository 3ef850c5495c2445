import type { PentauthEvent } from './events.ts'

/**
 * Draws what happened as a Mermaid sequence diagram: the requests of discovery, registration, sign-in and renewal, in their order.
 *
 * Events hold no secret, so neither does the diagram. What servers chose (scopes, client IDs, paths) is shown in harmless letters only.
 *
 * @param events as `onEvent` was told them
 * @see https://mermaid.js.org/syntax/sequenceDiagram.html
 * @example
 * ```ts
 * const events: PentauthEvent[] = []
 * const onEvent = (event: PentauthEvent) => void events.push(event)
 * await startSignIn(pensyve, { store, redirectUri: 'http://127.0.0.1:8123/callback', onEvent })
 * console.log(traceDiagram(events))
 * ```
 */
export function traceDiagram(events: readonly PentauthEvent[]): string {
  const names = new Map<string, string>()
  /** The short name of a server in the diagram. */
  const at = (url: string): string => {
    const { host } = new URL(url)
    const name = names.get(host) ?? `server${names.size + 1}`
    names.set(host, name)
    return name
  }
  const lines = events.flatMap((event) => stepOf(event, at))
  const servers = [...names].map(([host, name]) => `  participant ${name} as ${safe(host)}`)
  return ['sequenceDiagram', '  actor person as Person', '  participant app as Program', ...servers, ...lines, ''].join(
    '\n',
  )
}

/** One event as lines; what is about no request of a flow is none. */
function stepOf(event: PentauthEvent, at: (url: string) => string): readonly string[] {
  const note = (text: string) => [`  Note over app: ${safe(text)}`]
  const ask = (url: string, what: string) => [`  app->>${at(url)}: ${safe(what)}`]
  const answer = (url: string, what: string) => [`  ${at(url)}-->>app: ${safe(what)}`]
  switch (event.type) {
    case 'metadata_requested':
      return ask(event.url, `GET ${pathOf(event.url)}`)
    case 'metadata_received':
      return answer(event.url, `${event.status}`)
    case 'server_discovered':
      return note(`${event.resource}: tokens from ${event.issuer} (${event.source})`)
    case 'registration_requested':
      return ask(event.registrationEndpoint, `POST ${pathOf(event.registrationEndpoint)} (register)`)
    case 'client_registered':
      return answer(event.issuer, `client ${event.clientId} (${event.authMethod})`)
    case 'sign_in_started':
      return [
        `  app->>person: ${safe(`sign in at ${new URL(event.issuer).host}${event.scope ? `, scope ${event.scope}` : ''}`)}`,
        `  person->>${at(event.issuer)}: signs in and agrees`,
        `  ${at(event.issuer)}-->>person: back to the program with a code`,
      ]
    case 'token_requested':
      return ask(event.tokenEndpoint, `POST ${pathOf(event.tokenEndpoint)} (${event.reason})`)
    case 'token_received':
      return note(`token ${event.credential.fingerprint}`)
    case 'token_request_failed':
      return note(`no token: ${event.code}`)
    case 'signed_in':
      return note(`signed in as ${event.account}${event.scopes ? `, scope ${event.scopes.join(' ')}` : ''}`)
    case 'session_renewed':
      return note(`session of ${event.account} renewed by ${event.by === 'us' ? 'this program' : 'another'}`)
    case 'session_ended':
      return note(`session of ${event.account} ended: ${event.code}`)
    case 'signed_out':
      return note(`${event.account} signed out, revocation: ${event.revocation}`)
    case 'credential_refused':
      return note(`${event.resource} refused token ${event.credential.fingerprint} (${event.status})`)
    case 'request_resent':
      return ask(event.url, `${pathOf(event.url)} again, with ${event.credential.fingerprint}`)
    default:
      return []
  }
}

function pathOf(url: string): string {
  return new URL(url).pathname
}

/** Letters that mean nothing to the diagram's language. */
function safe(text: string): string {
  return text.replace(/[^\w .,:/()=+@-]/g, '_').slice(0, 200)
}
