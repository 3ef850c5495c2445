import { finishSignIn as finish, PentauthError, type StartSignInOptions, startSignIn } from '@pentauth/core'
import { cleanAddress, isCallback } from './callback-url.ts'
import type { FinishedCallback, SignInOptions, SignInResult } from './options.ts'
import type { Page } from './page.ts'
import { ownPath } from './return-to.ts'
import { type Return, saveReturn, survivingStore, takeReturn } from './transactions.ts'

/** Sends the person to the service: in a popup that is opened before anything is waited for, else with this page. */
export async function signIn(page: Page, wishes: SignInOptions = {}): Promise<SignInResult> {
  const popup = wishes.popup ? open('', '_blank', 'popup,width=480,height=720') : undefined
  if (popup) {
    const { signInByPopup } = await import('./popup.ts')
    return signInByPopup(page, popup, wishes)
  }
  if (wishes.popup)
    page.options.onEvent?.({ type: 'popup_blocked', service: page.service.id, account: await page.account() })
  const { url } = await begin(page, wishes, 'redirect')
  location.assign(url)
  return { outcome: 'redirecting' }
}

/** A sign-in that waits for its person from now on. */
export async function begin(
  page: Page,
  { scope, returnTo = location.href, account, challenge }: SignInOptions,
  way: Return['way'],
): Promise<{ readonly url: URL; readonly state: string }> {
  const { options, service } = page
  if (!isSecureContext) {
    throw new PentauthError({
      code: 'insecure_context',
      message: `Nobody can sign in to ${service.name} from ${location.origin}: browsers have no cryptography for pages without TLS.`,
      service: service.id,
      hint: 'Serve the page over https, or from localhost while you work on it.',
    })
  }
  const place = page.place(account ?? (await page.account()))
  const store = await survivingStore(page.store)
  const started = await startSignIn(service, {
    ...place,
    store,
    redirectUri: redirectUriOf(page).href,
    scope: scope ?? options.scope,
    client: clientOf(page),
    resource: options.resource,
    issuer: options.issuer,
    challenge,
  })
  await saveReturn(store, started.state, { returnTo: ownPath(returnTo), way })
  return started
}

function clientOf({ options: { clientId, client } }: Page): StartSignInOptions['client'] {
  return clientId === undefined ? client : { ...client, clientId }
}

function redirectUriOf({ options: { redirectUri = '/' } }: Page): URL {
  return new URL(redirectUri, location.href)
}

/** The callback that this page is finishing: whoever asks meanwhile, such as a component that mounts twice, gets the same answer. */
const finishing = new WeakMap<Page, Promise<FinishedCallback | undefined>>()

/** Finishes the sign-in that an address is the answer to, once. */
export function finishSignIn(page: Page, given?: string | URL): Promise<FinishedCallback | undefined> {
  const url = new URL(given ?? location.href, location.href)
  if (!isCallback(url, redirectUriOf(page))) return finishing.get(page) ?? Promise.resolve(undefined)
  // Before anything else can run: the code is nobody else's business, and no second visit may send it again.
  cleanAddress(url)
  const known = finishing.get(page)
  if (known) return known
  const work = finished(page, url).finally(() => finishing.delete(page))
  finishing.set(page, work)
  return work
}

async function finished(page: Page, url: URL): Promise<FinishedCallback | undefined> {
  const { service } = page
  if (window !== top) {
    throw new PentauthError({
      code: 'sign_in_response_invalid',
      message: `The ${service.name} sign-in came back to a frame inside of another page, where none is finished.`,
      service: service.id,
      hint: "Send frame-ancestors 'none' with the callback page, and sign in by redirect or popup.",
    })
  }
  const store = await survivingStore(page.store)
  const state = url.searchParams.get('state')
  const wanted = await takeReturn(store, state)
  if (wanted?.way !== 'redirect') {
    const { handOver } = await import('./popup-relay.ts')
    if (await handOver(url, state)) return undefined
  }
  const done = await finishHere(page, url)
  return { ...done, returnTo: ownPath(wanted?.returnTo ?? '/') }
}

/** Gets the tokens for an answer, and makes its account the current one. */
export async function finishHere(page: Page, url: URL): Promise<Omit<FinishedCallback, 'returnTo'>> {
  const { runtime, onEvent, app } = page.place('')
  const store = await survivingStore(page.store)
  const done = await finish(page.service, url, { store, app, runtime, onEvent })
  await page.switchTo(done.account)
  await page.view.read()
  return done
}
