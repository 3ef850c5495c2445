import {
  type Auth,
  type FinishSignInOptions,
  PentauthError,
  type Service,
  type StartSignInOptions,
  type Store,
  signedIn,
} from '@pentauth/core'
import { createAuth } from './auth.ts'
import { type CallbackAddress, callbackAddress, unusable } from './callback-address.ts'
import { debugListener } from './debug.ts'
import { type Environment, own } from './environment.ts'
import { fileStore } from './file-store.ts'
import { thisHost } from './host.ts'
import { alone, interactionLock } from './interaction.ts'
import { interruptible } from './interruption.ts'
import { nodeRuntime } from './node-runtime.ts'
import { stopped, within } from './patience.ts'
import type { Present } from './present.ts'
import { hasScopes, sessionPlace } from './session-place.ts'
import type { Interaction } from './sign-in-interaction.ts'
import { surroundingsOf } from './surroundings.ts'
import { plain, silent, thisTerminal } from './terminal.ts'

export interface NodeSignInOptions extends Omit<StartSignInOptions, 'redirectUri' | 'store'> {
  /** Where the session is kept; files of this user (`fileStore()`) unless given. */
  readonly store?: Store | undefined
  /** The port that the browser comes back to; any free one unless given. With one of its own `ssh -L` can be left open. */
  readonly port?: number | undefined
  /** Where the browser comes back to, as it is registered: an http address of this machine; without a port any free one is taken. */
  readonly redirectUri?: string | undefined
  /** Shows the person what to do, in the program's own way: nothing is printed then, and no browser opened. */
  readonly present?: Present | undefined
  /** Whether a browser is opened; where one can be, unless given. */
  readonly browser?: boolean | undefined
  /** Of the client, where that proves itself with one. */
  readonly privateKey?: FinishSignInOptions['privateKey']
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
  /** Ends the waiting; the sign-in then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Seconds that a person has; 300 unless given. */
  readonly timeout?: number | undefined
}

/**
 * Signs a person in from a terminal, and returns what calls the service with their tokens.
 *
 * Their browser opens, and comes back to a port of this machine. Where none opens (SSH, containers, CI) it says why, and shows a code to
 * allow on another device, where the authorization server has that, or else the page to open; the address that the browser ends at can
 * then be pasted. Everything is said on stderr; stdin and stdout are left alone.
 *
 * One person is asked one thing at a time: who wants the same sign-in in another process waits, and uses the session of the first.
 *
 * @throws PentauthError `sign_in_failed` when the server or the person said no, nobody came in time, it was interrupted or the port is
 *   taken; `sign_in_required` in CI, where nobody can sign in; `discovery_failed`, `unsafe_address` or `registration_failed` when the
 *   service's own documents do not lead to a sign-in; `sign_in_response_invalid`, `insufficient_scope`, `invalid_option`,
 *   `invalid_service`, `client_refused`, `token_response_invalid`, `temporarily_unavailable`, `store_failed`; the signal's reason.
 * @see https://www.rfc-editor.org/rfc/rfc8252
 * @example
 * ```ts
 * const auth = await signIn(profundis)
 * const response = await auth.fetch('https://mcp.profundis.io/mcp', { method: 'POST', body: '{}' })
 * ```
 */
export async function signIn<Names extends string>(
  service: Service<Names>,
  options: NodeSignInOptions = {},
): Promise<Auth<Names>> {
  const given = checked(options)
  const { env = process.env, port, redirectUri, privateKey, lock, account = 'default', app = 'default' } = given
  const { store = fileStore({ env }) } = given
  const address = callbackAddress({ port, redirectUri })
  const runtime = nodeRuntime(given.runtime)
  const onEvent = given.onEvent ?? debugListener(env)
  const credential = signedIn({ store, lock, account, app, privateKey })
  const auth = createAuth(service, { env, credential, runtime, onEvent })
  const here = {
    ...interactionOf(auth.service, given, env),
    privateKey,
    wishes: { ...given, store, account, app, runtime, onEvent },
  }

  const place = sessionPlace(auth.service, given.resource, { store, app, account })
  const { saved } = place
  const before = (await saved()).signInId
  await interruptible(
    (name) => stopped(auth.service, `was stopped (${name})`, 'Start it again when there is time for it.'),
    async (interrupted) => {
      const signal = given.signal ? AbortSignal.any([given.signal, interrupted]) : interrupted
      const turn = { name: `interactive/${place.key}`, lock: interactionLock({ store, lock }), signal }
      await alone(here, turn, async () => {
        const now = await saved()
        if (now.signInId !== undefined && now.signInId !== before && hasScopes(now, given)) return
        await within(auth.service, { seconds: given.timeout ?? 300, signal }, (until) =>
          ask({ ...here, signal: until }, address),
        )
      })
    },
  )
  here.terminal.say(`Signed in to ${plain(service.name)}${account === 'default' ? '' : ` as ${plain(account)}`}.`)
  return auth
}

/** Own properties only, since anybody may have polluted Object.prototype, and none that would be found unusable half way. */
function checked(options: NodeSignInOptions): NodeSignInOptions {
  const given = own(options)
  const { present, signal, browser, timeout = 300 } = given
  if (present !== undefined && typeof present !== 'function')
    throw unusable('present', 'is no function', 'Give one that shows the person what to do, or leave it out.')
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw unusable('signal', 'is no AbortSignal', 'Leave it out, or give one.')
  if (browser !== undefined && typeof browser !== 'boolean')
    throw unusable('browser', 'is neither true nor false', 'Leave it out where that is to be found out.')
  if (!(Number(timeout) > 0 && Number(timeout) <= longest))
    throw unusable('timeout', 'is no number of seconds', `Give one up to ${longest}, or leave it out.`)
  return given
}

/** Seconds; no server waits longer. */
const longest = 3_600

/** Where the person is, and how they are told. */
function interactionOf(service: Service, { present, browser }: NodeSignInOptions, env: Environment) {
  const host = thisHost(env)
  const { why, isCi, isSsh } = surroundingsOf(host)
  const reason = browser === undefined ? why : browser ? undefined : (why ?? 'the program wants none')
  const terminal = present ? silent : thisTerminal()
  return { service, present, terminal, host, why: reason, isCi, isSsh }
}

/** Asks the person, in the way that fits where they are. */
async function ask(interaction: Interaction, address: CallbackAddress): Promise<void> {
  const { service, why, isCi, present, terminal } = interaction
  // Loaded when somebody signs in, which most programs never do.
  const [{ byDevice }, { byRedirect }] = await Promise.all([import('./device-way.ts'), import('./redirect-way.ts')])
  const noDevice = why === undefined ? undefined : await byDevice(interaction)
  if (why !== undefined && !noDevice) return
  if (why !== undefined && isCi && !present && !terminal.isTerminal) throw nobodyHere(service, why)
  await byRedirect(interaction, address).catch((error) => {
    // A server that knows devices only is said to fail in what it knows.
    const isUnknown = PentauthError.isInstance(error) && error.code === 'discovery_failed'
    throw isUnknown && noDevice && noDevice.code !== error.code ? noDevice : error
  })
}

/** In CI a sign-in would only wait until its time is over. */
function nobodyHere(service: Service, why: string): PentauthError {
  const { apiKey, name, id, links } = service
  const key = apiKey ? `Where a key will do, set ${apiKey.env} and use createAuth(). ` : ''
  return new PentauthError({
    code: 'sign_in_required',
    message: `Nobody can sign in to ${name} here: ${why}, and there is no terminal.`,
    service: id,
    hint: `${key}Else sign in where there is a person, into a store that this program shares.`,
    link: links.docs.url,
  })
}
