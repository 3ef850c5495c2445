import { type Callback, finishSignIn, startSignIn } from '@pentauth/core'
import { openBrowser } from './browser.ts'
import type { CallbackAddress } from './callback-address.ts'
import { type Arrival, type CallbackListener, listenForCallback } from './loopback-callback.ts'
import { nobodyHere } from './nobody-here.ts'
import { pastedBack } from './paste-back.ts'
import type { Interaction } from './sign-in-interaction.ts'
import { plain } from './terminal.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Signs in by a browser that comes back to this machine, or whose address somebody brings. */
export async function byRedirect(interaction: Interaction, address: CallbackAddress): Promise<void> {
  const { service, wishes, signal } = interaction
  const listener = await listenForCallback(service, address)
  const over = new AbortController()
  try {
    const { redirectUri } = listener
    const { url, state, expiresAt } = await unlessAborted(startSignIn(service, { ...wishes, redirectUri }), signal)
    const arrival = listener.arrivalFor(state)
    const until = AbortSignal.any([signal, over.signal])
    const asked = { ...interaction, signal: until }
    const pasted = interaction.present
      ? presented(asked, { way: 'redirect', url, redirectUri, expiresAt })
      : shown(asked, listener, url, state)
    const came = await unlessAborted(Promise.race([arrival, pasted]), signal)
    over.abort()
    await finished(interaction, came)
  } finally {
    over.abort()
    await listener.close()
  }
}

/** The browser is told what came of it, when that is certain. */
async function finished({ service, wishes, privateKey }: Interaction, came: Arrival | Callback): Promise<void> {
  const arrival = typeof came === 'object' && 'answer' in came ? came : undefined
  const callback = arrival ? arrival.url : (came as Callback)
  try {
    const { store, lock, account, app, runtime, onEvent } = wishes
    await finishSignIn(service, callback, { store, lock, account, app, runtime, onEvent, privateKey })
  } catch (error) {
    await arrival?.answer('failed')
    throw error
  }
  await arrival?.answer('signed_in')
}

/** A new one each time: what waits for it is let go of together with it. */
const never = (): Promise<never> => new Promise(() => undefined)

/** What a host brings, if it does. */
async function presented(
  { present }: Interaction,
  request: Parameters<NonNullable<Interaction['present']>>[0],
): Promise<string> {
  const brought = await present?.(request)
  return typeof brought === 'string' || brought instanceof URL ? String(brought) : never()
}

/** Shows the page at the terminal, in a browser where there is one; what is pasted there instead of coming by itself. */
async function shown(interaction: Interaction, listener: CallbackListener, url: URL, state: string): Promise<string> {
  const { service, terminal, host, why, isSsh, isUnattended, signal } = interaction
  const name = plain(service.name)
  const page = `\n  ${terminal.strong(plain(url.href, 8_000))}\n`
  if (why === undefined) {
    terminal.say(`Signing in to ${name}: your browser opens this page.\n${page}`)
    const failure = await openBrowser(url, host)
    if (signal.aborted) return never()
    if (failure === undefined && !host.isWsl) return waiting(interaction)
    if (failure !== undefined && isUnattended)
      throw nobodyHere(service, `no browser could be opened (${plain(failure)})`)
    if (failure !== undefined) terminal.say(`No browser could be opened (${plain(failure)}): open the page yourself.`)
  } else {
    terminal.say(`No browser opens here: ${why}.\nTo sign in to ${name}, open this page:\n${page}`)
    if (isSsh) {
      const { port } = listener
      terminal.say(`The browser is elsewhere? Run this there first:  ssh -L ${port}:127.0.0.1:${port} <this host>`)
    }
  }
  const pasted = pastedBack(terminal, (line) => stateIn(line) === state, signal)
  if (pasted) return pasted
  if (why !== undefined && !isSsh) terminal.say(noWayBack(listener.port))
  return waiting(interaction)
}

/** Where no browser is and no terminal, as in a container that was started without one. */
function noWayBack(port: number): string {
  return `There is no terminal to paste the address into that the browser ends at: start this with one (docker run -it), or let the browser reach port ${port} of this machine's loopback address (the option "port" keeps the number).`
}

async function waiting({ terminal, signal }: Interaction): Promise<never> {
  const end = terminal.during('Waiting for the browser… (Ctrl-C to stop)')
  signal.addEventListener('abort', end, { once: true })
  return never()
}

/** The state in an address, or in the query that somebody cut out of one. */
function stateIn(line: string): string | null {
  const query = line.replace(/#.*$/s, '').replace(/^[^?]*\?/, '')
  const states = new URLSearchParams(query).getAll('state')
  return states.length === 1 ? (states[0] as string) : null
}
