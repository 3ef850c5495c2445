import { type Auth, type EventListener, PentauthError, type Service, type Store, type signedIn } from '@pentauth/core'
import type { createAuth } from './auth.ts'
import { type CallbackAddress, callbackAddress, unusable } from './callback-address.ts'
import { setCurrentAccount } from './current-account.ts'
import type { debugListener } from './debug.ts'
import { byDevice } from './device-way.ts'
import { type Environment, own } from './environment.ts'
import type { fileStoreFor } from './file-store.ts'
import { thisHost } from './host.ts'
import { alone, interactionLock } from './interaction.ts'
import { interruptible } from './interruption.ts'
import { nobodyHere } from './nobody-here.ts'
import { nodeRuntime } from './node-runtime.ts'
import { stopped, within } from './patience.ts'
import { byRedirect } from './redirect-way.ts'
import { savedName, takesSignIns } from './saved-sign-in.ts'
import { hasScopes, sessionPlace } from './session-place.ts'
import type { Interaction } from './sign-in-interaction.ts'
import type { NodeSignInOptions } from './sign-in-options.ts'
import { surroundingsOf } from './surroundings.ts'
import { plain, silent, thisTerminal } from './terminal.ts'

/** What there is one of in the package: this file is built apart from it. */
interface Package {
  readonly createAuth: typeof createAuth
  readonly debugListener: typeof debugListener
  readonly fileStoreFor: typeof fileStoreFor
  readonly signedIn: typeof signedIn
}

/** Asks the person at this machine, unless somebody else did meanwhile. */
export async function signInHere<Names extends string>(
  service: Service<Names>,
  options: NodeSignInOptions,
  here: Package,
): Promise<Auth<Names>> {
  const given = checked(options)
  const { env = process.env, port, redirectUri, privateKey, lock, account = 'default', app = 'default' } = given
  const onEvent = given.onEvent ?? here.debugListener(env)
  const { store = here.fileStoreFor(env, onEvent) } = given
  const address = callbackAddress({ port, redirectUri })
  const runtime = nodeRuntime(given.runtime)
  const credential = here.signedIn({ store, lock, account, app, privateKey, name: savedName(account) })
  const auth = here.createAuth(service, { env, credential, runtime, onEvent })
  if (!takesSignIns(auth.service)) throw signsNobodyIn(auth.service)
  let notSaved: string | undefined
  const heard: EventListener = (event) => {
    if (event.type === 'session_not_saved') notSaved = event.reason ?? 'it failed'
    return onEvent?.(event)
  }
  const interaction = {
    ...interactionOf(auth.service, given, env),
    wishes: { ...given, store, account, app, runtime, onEvent: heard },
  }

  const place = sessionPlace(auth.service, given.resource, { store, app, account })
  const { saved } = place
  const before = (await saved()).signInId
  await interruptible(
    (name) => stopped(auth.service, `was stopped (${name})`, 'Start it again when there is time for it.'),
    async (interrupted) => {
      const signal = given.signal ? AbortSignal.any([given.signal, interrupted]) : interrupted
      const turn = { name: `interactive/${place.key}`, lock: interactionLock({ store, lock }), signal }
      await alone(interaction, turn, async () => {
        const now = await saved()
        if (now.signInId !== undefined && now.signInId !== before && hasScopes(now, given)) return
        await within(auth.service, { seconds: given.timeout ?? 300, signal }, (until) =>
          ask({ ...interaction, signal: until }, address),
        )
      })
    },
  )
  const isCurrent = await setCurrentAccount(service, store, given.app, account).then(
    () => true,
    () => false,
  )
  const as = account === 'default' ? '' : ` as ${plain(account)}`
  interaction.terminal.say(
    `Signed in to ${plain(service.name)}${as}.${keptWhere(store, { notSaved, isCurrent, account })}`,
  )
  return auth
}

/** The choice of the store is said aloud, and so is what it did not take. */
function keptWhere(
  { name = 'the given store' }: Store,
  { notSaved, isCurrent, account }: { notSaved: string | undefined; isCurrent: boolean; account: string },
): string {
  const where = plain(name)
  if (notSaved !== undefined)
    return ` The session could NOT be saved in: ${where} (${plain(notSaved)}). It ends with this program.`
  const use = `name it: createAuth(service, { account: ${JSON.stringify(account)} }).`
  return ` The session is kept in: ${where}.${isCurrent ? '' : ` It could not be made the current account there; ${use}`}`
}

/** Own properties only, since anybody may have polluted Object.prototype, and none that would be found unusable half way. */
function checked(options: NodeSignInOptions): NodeSignInOptions {
  const given = own(options)
  const { present, signal, browser, unattended, timeout = 300 } = given
  if (present !== undefined && typeof present !== 'function')
    throw unusable('present', 'is no function', 'Give one that shows the person what to do, or leave it out.')
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw unusable('signal', 'is no AbortSignal', 'Leave it out, or give one.')
  if (browser !== undefined && typeof browser !== 'boolean')
    throw unusable('browser', 'is neither true nor false', 'Leave it out where that is to be found out.')
  if (unattended !== undefined && typeof unattended !== 'boolean')
    throw unusable('unattended', 'is neither true nor false', 'Leave it out where a person reads what is said.')
  if (!(Number(timeout) > 0 && Number(timeout) <= longest))
    throw unusable('timeout', 'is no number of seconds', `Give one up to ${longest}, or leave it out.`)
  return given
}

/** Seconds that a sign-in waits for its answer. */
const longest = 600

/** Where the person is, and how they are told. */
function interactionOf(service: Service, options: NodeSignInOptions, env: Environment) {
  const { present, privateKey, browser, unattended = false } = options
  const host = thisHost(env)
  const { why, isCi, isSsh } = surroundingsOf(host)
  const reason = browser === undefined ? why : browser ? undefined : (why ?? 'the program wants none')
  const terminal = present ? silent : thisTerminal()
  const isUnattended = unattended && !present && !terminal.isTerminal
  return { service, privateKey, present, terminal, host, why: reason, isCi, isSsh, isUnattended }
}

/** Asks the person, in the way that fits where they are. */
async function ask(interaction: Interaction, address: CallbackAddress): Promise<void> {
  const { service, why, isCi, present, terminal, isUnattended } = interaction
  if (why !== undefined && isUnattended) throw nobodyHere(service, why)
  const noDevice = why === undefined ? undefined : await byDevice(interaction)
  if (why !== undefined && !noDevice) return
  if (why !== undefined && isCi && !present && !terminal.isTerminal) throw nobodyHere(service, why)
  await byRedirect(interaction, address).catch((error) => {
    // A server that knows devices only is said to fail in what it knows.
    const isUnknown = PentauthError.isInstance(error) && error.code === 'discovery_failed'
    throw isUnknown && noDevice && noDevice.code !== error.code ? noDevice : error
  })
}

/** By its own definition: no server was asked. */
function signsNobodyIn({ apiKey, oauth, name, id }: Service): PentauthError {
  const ways = [
    apiKey && `set ${apiKey.env}`,
    oauth?.clientIdEnv && `set ${oauth.clientIdEnv} and ${oauth.clientSecretEnv}`,
  ]
  return new PentauthError({
    code: 'invalid_option',
    message: `${name} signs no people in.`,
    service: id,
    hint: `Instead, ${ways.filter(Boolean).join(', or ') || 'see its documentation'}.`,
  })
}
