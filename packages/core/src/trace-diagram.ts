import type { CredentialSummary } from './credential.ts'
import type { FailureFacts, PentauthEvent, RequestPurpose } from './events.ts'
import { printable } from './printable.ts'

/**
 * Draws what happened as a Mermaid sequence diagram: every request of discovery, registration, sign-in, renewal and sign-out with its
 * answer, in their order, and what a person and the resources said.
 *
 * Events hold no secret, so neither does the diagram: credentials are numbered. What servers chose (scopes, paths, codes) is shown in
 * letters that mean nothing to Mermaid. Requests that were on their way at the same time are numbered, and one that was repeated with
 * the same answer is a loop. Of the calls to a resource only those are drawn whose credential was refused, and those that did not
 * reach it.
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
  const drawing: Drawing = {
    servers: new Map(),
    numbers: overlapping(events),
    credentials: new Map(),
    reasons: new Map(),
    endpoints: new Map(),
    returned: new Set(),
    resent: new Set(),
  }
  const lines = looped(events.flatMap((event) => stepOf(drawing, event)))
  const person = events.some(({ type }) => type.startsWith('sign_in_')) ? ['actor person as Person'] : []
  const servers = Array.from(drawing.servers, ([origin, { name, roles }]) => {
    const role = [...roles].sort().reverse().join(' and ')
    return `participant ${name} as ${safe(`${role.slice(0, 1).toUpperCase()}${role.slice(1)}, ${origin}`)}`
  })
  return ['sequenceDiagram', ...indented([...person, 'participant app as App', ...servers, ...lines])].join('\n')
}

/** A request that is made again and again with the same answer, as of a device that waits for its person, is drawn once. */
function looped(lines: readonly string[]): string[] {
  const drawn: string[] = []
  for (let index = 0; index < lines.length; ) {
    const [request = '', answer] = lines.slice(index, index + 2)
    let times = 1
    while (lines[index + 2 * times] === request && lines[index + 2 * times + 1] === answer) times += 1
    const isLoop = times > 2 && request.startsWith('app->>') && answer !== undefined
    drawn.push(...(isLoop ? [`loop ${times} times`, request, answer, 'end'] : [request]))
    index += isLoop ? 2 * times : 1
  }
  return drawn
}

type Role = 'authorization server' | 'identity provider' | 'resource'

/** What is known while the events are read. */
interface Drawing {
  /** By origin. */
  readonly servers: Map<string, { readonly name: string; readonly roles: Set<Role> }>
  /** Of requests that were on their way at the same time, by their id. */
  readonly numbers: ReadonlyMap<number, number>
  /** By kind, their numbers by fingerprint. */
  readonly credentials: Map<string, Map<string, number>>
  /** Why the next token is asked for, by endpoint. */
  readonly reasons: Map<string, string>
  /** Where people are sent, by sign-in; and which of them are back with a code. */
  readonly endpoints: Map<string, string>
  readonly returned: Set<string>
  /** Requests that went out once more, until they are refused again. */
  readonly resent: Set<string>
}

/** Numbers the requests that were not alone: their answers could be anybody's. */
function overlapping(events: readonly PentauthEvent[]): Map<number, number> {
  const open = new Set<number>()
  const numbers = new Map<number, number>()
  const shared = new Set<number>()
  for (const event of events) {
    if (event.type === 'request_ended') open.delete(event.id)
    if (event.type !== 'request_sent') continue
    open.add(event.id)
    // Those before the last two were seen to overlap when the last but one began.
    if (open.size === 2) for (const id of open) shared.add(id)
    if (open.size > 2) shared.add(event.id)
  }
  for (const event of events) {
    if (event.type === 'request_sent' && shared.has(event.id)) numbers.set(event.id, numbers.size + 1)
  }
  return numbers
}

const roles: Partial<Record<RequestPurpose, Role>> = {
  challenge: 'resource',
  resource_metadata: 'resource',
  identity_token: 'identity provider',
}
const roleFor = (purpose: RequestPurpose): Role => roles[purpose] ?? 'authorization server'

const whys: Readonly<Partial<Record<string, string>>> = {
  challenge: ', without a token',
  registration: ', registers this program',
  pushed_authorization: ', leaves what the sign-in asks for',
  device_authorization: ', asks for a code to type in',
  revocation: ', revokes the tokens',
  first: ', for a token',
  expiring: ', for a token, since the one there is runs out',
  refused: ', for a token, since the one there is was refused',
}

/** One event as lines; what is about no request of a flow is none. */
function stepOf(drawing: Drawing, event: PentauthEvent): readonly string[] {
  const note = (text: string) => [`Note over app: ${safe(text)}`]
  const at = (url: string, role?: Role) => serverAt(drawing, url, role)
  switch (event.type) {
    case 'request_sent': {
      const { id, purpose, method, url } = event
      const why = whys[drawing.reasons.get(url) ?? purpose] ?? ''
      if (purpose === 'token') drawing.reasons.delete(url)
      const text = `${numberOf(drawing, id)}${method} ${pathOf(url)}${why}`
      return [`app->>${at(url, roleFor(purpose))}: ${safe(text)}`]
    }
    case 'request_ended': {
      const { id, purpose, url, status, error, reason } = event
      const number = numberOf(drawing, id)
      const name = at(url, roleFor(purpose))
      if (status !== undefined)
        return [`${name}-->>app: ${safe(`${number}${[status, error].filter(Boolean).join(' ')}`)}`]
      return [`${name}--xapp: ${safe(`${number}no answer${reason ? `, ${reason}` : ''}`)}`]
    }
    case 'server_discovered':
      at(event.issuer, 'authorization server')
      return note(`tokens for ${event.resource} come from ${event.issuer} (${event.source})`)
    case 'discovery_failed':
      return note(`nowhere to sign in for ${event.resource}: ${saying(event)}`)
    case 'client_registered':
      return note(`registered, ${event.authMethod === 'none' ? 'without a secret' : event.authMethod}`)
    case 'registration_failed':
      return note(`not registered: ${saying(event)}`)
    case 'client_forgotten':
      return note('the registration is forgotten')
    case 'sign_in_started':
    case 'sign_in_returned':
    case 'sign_in_failed':
      return signInStep(drawing, event)
    case 'token_requested':
      drawing.reasons.set(event.tokenEndpoint, event.reason)
      return []
    case 'token_received':
      return note(`${nameOf(drawing, event.credential)} received`)
    case 'token_request_failed':
      return note(`no token: ${event.code}${pauseIn(event.retryAfter)}`)
    case 'signed_in':
      return note(`signed in as ${event.account}${scopeIn(event.scopes?.join(' '))}`)
    case 'session_renewed':
      return note(`the session of ${event.account} is renewed${event.by === 'us' ? '' : ' by somebody else'}`)
    case 'session_ended':
      return note(`the session of ${event.account} is over: ${event.code}`)
    case 'session_not_saved':
      return note(`the session of ${event.account} is not saved${event.reason ? `, ${event.reason}` : ''}`)
    case 'signed_out':
      return note(`signed out ${event.account}, revocation: ${event.revocation}`)
    default:
      return resourceStep(drawing, event)
  }
}

type SignInEvent = Extract<PentauthEvent, { type: 'sign_in_started' | 'sign_in_returned' | 'sign_in_failed' }>

/** What a person sees and says: their own requests are only known by what they come back with. */
function signInStep(drawing: Drawing, event: SignInEvent): readonly string[] {
  const key = JSON.stringify([event.service, event.account, event.issuer])
  const isBack = drawing.returned.has(key)
  if (event.type === 'sign_in_started') {
    const { way, page: url, scope, addedScopes } = event
    drawing.returned.delete(key)
    if (way === 'redirect') drawing.endpoints.set(key, url)
    else drawing.endpoints.delete(key)
    const where = way === 'redirect' ? originOf(url) : `${originOf(url)}${pathOf(url)} with the code shown`
    const added = addedScopes?.length ? `, which adds ${addedScopes.join(' ')}` : ''
    return [`app->>person: ${safe(`please sign in at ${where}${scopeIn(scope)}${added}`)}`]
  }
  const page = drawing.endpoints.get(key)
  const answered = (answer: string, back: string) => {
    const url = page ?? event.issuer ?? ''
    const server = serverAt(drawing, url, 'authorization server')
    const shown = [`person->>${server}: ${safe(`GET ${pathOf(url)}`)}`, `${server}-->>person: ${safe(answer)}`]
    return [...shown, `person->>app: back ${back}`]
  }
  if (event.type === 'sign_in_returned') {
    drawing.returned.add(key)
    return isBack ? ['person->>app: back with the code, again'] : answered('a code', 'with the code')
  }
  const failure = `Note over app: ${safe(`not signed in: ${saying(event)}`)}`
  if (event.code === undefined) return [failure]
  if (event.code === 'sign_in_response_invalid') return ['person->>app: back with no answer to a sign-in', failure]
  // Before they are back it is the answer itself; afterwards, and on a device, it is what came of the code.
  const isAnswer = page !== undefined && !isBack
  return [...(isAnswer ? answered(`no code, ${event.error ?? event.code}`, 'without a code') : []), failure]
}

/** What resources said about a credential, and what did not reach them. */
function resourceStep(drawing: Drawing, event: PentauthEvent): readonly string[] {
  if (event.type === 'connection_failed') {
    const server = serverAt(drawing, event.origin, 'resource')
    return [`app-x${server}: ${safe(`no connection${event.reason ? `, ${event.reason}` : ''}`)}`]
  }
  if (event.type !== 'credential_refused' && event.type !== 'request_resent') return []
  const { method, url, credential } = event
  const server = serverAt(drawing, url, 'resource')
  const name = nameOf(drawing, credential)
  const key = JSON.stringify([method, url, name])
  const exchange = (what: string, answer: string) => [
    `app->>${server}: ${safe(`${method} ${pathOf(url)}${what}, with ${name}`)}`,
    `${server}-->>app: ${safe(answer)}`,
  ]
  if (event.type === 'request_resent') {
    drawing.resent.add(key)
    return exchange(', again', `${event.status}`)
  }
  // What went out again has its answer already.
  if (drawing.resent.delete(key)) return [`Note over app: ${safe(`${name} was refused: ${event.code}`)}`]
  return exchange('', `${event.status} ${event.code}`)
}

/** The short name of a server, which is one participant whatever it is asked for. */
function serverAt({ servers }: Drawing, url: string, role?: Role): string {
  const origin = originOf(url)
  const server = servers.get(origin) ?? { name: `server${servers.size + 1}`, roles: new Set<Role>() }
  servers.set(origin, server)
  if (role) server.roles.add(role)
  return server.name
}

/** Credentials by number: a diagram is read by people, and shown to others. */
function nameOf({ credentials }: Drawing, { kind, fingerprint }: CredentialSummary): string {
  const ofKind = credentials.get(kind) ?? new Map<string, number>()
  credentials.set(kind, ofKind)
  const number = ofKind.get(fingerprint) ?? ofKind.size + 1
  ofKind.set(fingerprint, number)
  return `${kind === 'access-token' ? 'token' : 'key'} ${number}`
}

function numberOf({ numbers }: Drawing, id: number): string {
  const number = numbers.get(id)
  return number === undefined ? '' : `(${number}) `
}

function saying({ code, error }: Pick<FailureFacts, 'code' | 'error'>): string {
  return [code ?? 'given up', error].filter((part) => part !== undefined).join(', ')
}

function pauseIn(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  return seconds > 0 ? `, asked again after ${seconds} s` : ', asked again at once'
}

function scopeIn(scope: string | undefined): string {
  return scope ? `, scope ${scope}` : ''
}

// Not parsed: what an event holds is drawn, whatever it is.
function originOf(url: string): string {
  return /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(url)?.[0] ?? url
}

function pathOf(url: string): string {
  return url.slice(originOf(url).length).split(/[?#]/, 1)[0] || '/'
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

// As text: for a literal the engine would read Unicode's tables when this module is loaded.
const unsafe = '[^\\p{L}\\p{M}\\p{N} .,:/()=+@_-]'

/** Letters, digits and signs that mean nothing to the diagram's language, and not the one word that does. */
function safe(text: string): string {
  const letters = printable(text, 200).replace(new RegExp(unsafe, 'gu'), '_')
  return letters.replace(/\bend\b/gi, '($&)')
}
