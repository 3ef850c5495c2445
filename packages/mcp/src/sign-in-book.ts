import type { Callback } from '@pentauth/core'
import { notAccepted, refused } from './callback-refusal.ts'
import type { DiscoveryState, FoundDiscoveryState } from './oauth-client-types.ts'
import { alone, type ProviderPlace, slotOf } from './provider-place.ts'
import { remember } from './token-book.ts'

/** A sign-in that waits for its person. */
interface Waiting {
  readonly state: string
  readonly verifier: string
  readonly startedAt: number
  /** Kept with the verifier: the way back needs it, however long the person takes. */
  readonly discovery: DiscoveryState | undefined
}

interface WaitingRecord {
  readonly version: 1
  readonly signIns: readonly Waiting[]
}

interface DiscoveryRecord {
  readonly version: 1
  readonly state: DiscoveryState
}

/** The sign-ins of a provider, from the redirect to the callback. */
export interface SignInBook {
  discovery(): Promise<DiscoveryState | undefined>
  saveDiscovery(state: FoundDiscoveryState): Promise<void>
  forgetDiscovery(): Promise<void>
  /** The server that was found last, in this process. */
  readonly server: DiscoveryState['authorizationServerMetadata']
  saveVerifier(verifier: string): Promise<void>
  /** Notes that a person is sent there; false where somebody was, a moment ago, for the same. */
  send(url: URL): Promise<boolean>
  /** The verifier of the sign-in whose callback was checked. */
  verifier(): Promise<string>
  finished(): void
  forgetVerifiers(): Promise<void>
  /** The parameters of a genuine callback. */
  callback(callback: Callback): Promise<URLSearchParams>
}

const patience = 600_000
/** Milliseconds in which several calls want the same sign-in. */
const moment = 2_000
const mostWaiting = 10

export function signInBook(place: ProviderPlace, takesUnchecked: boolean): SignInBook {
  const { service } = place
  const { runtime } = place.adapter
  const slot = slotOf<WaitingRecord>(place, 'sign-ins')
  const discoverySlot = slotOf<DiscoveryRecord>(place, 'discovery')
  /** By the challenge made of them: several runs of the SDK may be between the two calls. */
  const verifiers = new Map<string, string>()
  /** By where they send people: a run of the SDK may be on its way with what another has found anew. */
  const states = new Map<string, DiscoveryState>()
  let found: DiscoveryState | undefined
  let checked: { readonly verifier: string; isUsed: boolean } | undefined
  let sent: { readonly scope: string; readonly at: number } | undefined

  const current = async () =>
    ((await slot.read())?.signIns ?? []).filter(({ startedAt }) => runtime.now() < startedAt + patience)

  const note = (state: DiscoveryState): void => {
    found = state
    const page = state.authorizationServerMetadata?.authorization_endpoint
    if (page !== undefined) remember(states, pageOf(new URL(page)), state)
  }

  return {
    async discovery() {
      const kept = (await discoverySlot.read())?.state
      if (kept) note(kept)
      return kept
    },
    async saveDiscovery(state) {
      // As it is: undefined parts are no parts.
      const own: DiscoveryState = JSON.parse(JSON.stringify(state))
      note(own)
      await discoverySlot.write({ version: 1, state: own })
    },
    async forgetDiscovery() {
      // The way back from a sign-in needs it.
      if (!checked) await discoverySlot.remove()
    },
    get server() {
      return found?.authorizationServerMetadata
    },
    async saveVerifier(verifier) {
      verifiers.set(await challengeOf(verifier), verifier)
    },
    send: async (url) => {
      const { searchParams } = url
      const scope = searchParams.get('scope') ?? ''
      const challenge = searchParams.get('code_challenge') ?? ''
      const verifier = verifiers.get(challenge)
      verifiers.delete(challenge)
      const state = searchParams.get('state')
      if (verifier === undefined || state === null) throw notAccepted(service, 'It was not begun by this provider.')
      const now = runtime.now()
      if (sent?.scope === scope && now - sent.at < moment) return false
      sent = { scope, at: now }
      await alone(place, async () => {
        const others = (await current()).slice(1 - mostWaiting)
        const own: Waiting = { state, verifier, startedAt: now, discovery: states.get(pageOf(url)) ?? found }
        await slot.write({ version: 1, signIns: [...others, own] })
      })
      return true
    },
    async verifier() {
      if (checked) {
        checked.isUsed = true
        return checked.verifier
      }
      const last = takesUnchecked ? (await current()).at(-1) : undefined
      if (last) return last.verifier
      throw notAccepted(
        service,
        'Nobody has checked it.',
        'Give the URL of the callback to callback(), and what that returns to finishAuth().',
      )
    },
    finished() {
      sent = undefined
      if (checked?.isUsed) checked = undefined
    },
    async forgetVerifiers() {
      checked = undefined
      verifiers.clear()
      await slot.remove()
    },
    callback: (callback) =>
      alone(place, async () => {
        const response = parametersOf(callback)
        const all = await current()
        const own = all.find(({ state }) => state === response.get('state'))
        if (!own)
          throw notAccepted(
            service,
            'No sign-in with its state is waiting; it was finished before, or begun elsewhere.',
          )
        const flaw = flawOf(response, own.discovery?.authorizationServerMetadata)
        if (flaw !== undefined) throw notAccepted(service, flaw)
        await slot.write({ version: 1, signIns: all.filter((other) => other !== own) })
        sent = undefined
        const refusal = response.get('error')
        if (refusal !== null) throw refused(service, refusal)
        if (own.discovery) await discoverySlot.write({ version: 1, state: own.discovery })
        checked = { verifier: own.verifier, isUsed: false }
        return new URLSearchParams(response)
      }),
  }

  async function challengeOf(verifier: string): Promise<string> {
    const digest = await runtime.crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    const text = btoa(String.fromCharCode(...new Uint8Array(digest)))
    return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  }
}

function pageOf({ origin, pathname }: URL): string {
  return origin + pathname
}

/** Which rule a response breaks (RFC 9207, RFC 9700). */
function flawOf(response: URLSearchParams, server: DiscoveryState['authorizationServerMetadata']): string | undefined {
  const repeated = ['code', 'state', 'iss', 'error'].find((name) => response.getAll(name).length > 1)
  if (repeated) return `It holds "${repeated}" more than once.`
  const iss = response.get('iss')
  if (iss === null && server?.authorization_response_iss_parameter_supported) return 'It does not say who issued it.'
  if (iss !== null && iss !== server?.issuer) return 'Another server issued it.'
  if (!response.get('code') && !response.has('error')) return 'It holds no code.'
  return undefined
}

function parametersOf(callback: Callback): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback
  const isRequest = typeof callback === 'object' && 'url' in callback
  const text = String(isRequest ? callback.url : callback)
    .trim()
    .replace(/#.*$/s, '')
  return URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams(text.replace(/^[^?]*\?/, ''))
}
