import { finishSignIn as finish, PentauthError, type StartSignInOptions, startSignIn } from '@pentauth/core'
import { cleanAddress, isCallback } from './callback-url.ts'
import { unusable } from './checked-options.ts'
import { isFramed } from './framed.ts'
import { loaded } from './loaded.ts'
import type { FinishedCallback, SignInOptions, SignInResult } from './options.ts'
import type { Page } from './page.ts'
import type { BegunSignIn } from './popup.ts'
import { ownPath } from './return-to.ts'
import { endReturn, findReturn, type Return, saveReturn } from './transactions.ts'

/** Sends the person to the service: in a popup that is opened before anything is waited for, else with this page. */
export async function signIn(page: Page, wishes: SignInOptions = {}): Promise<SignInResult> {
  if (wishes.popup) {
    const popup = globalThis.open?.('', '_blank', 'popup,width=480,height=720')
    const result = await loaded(import('./popup.ts'))
      .then(({ signInByPopup }) => signInByPopup(page, popup, wishes, { begin, finish: finishHere, find: findReturn }))
      .finally(() => popup?.close())
    if (result) return result
  }
  const { url } = await begin(page, wishes, 'redirect')
  location.assign(url)
  return { outcome: 'redirecting' }
}

/** A sign-in that waits for its person from now on. */
async function begin(
  page: Page,
  { scope, returnTo, account, challenge }: SignInOptions,
  way: Return['way'],
): Promise<BegunSignIn> {
  const { options, service, store } = page
  if (!globalThis.isSecureContext) {
    throw new PentauthError({
      code: 'insecure_context',
      message: `Nobody can sign in to ${service.name} from ${globalThis.location?.origin ?? 'a server'}: that takes a page of https or localhost.`,
      service: service.id,
      hint: 'Serve the page over https, since browsers have no cryptography for others, and call signIn in the browser only.',
    })
  }
  const started = await startSignIn(service, {
    ...page.place(account ?? (await page.account())),
    redirectUri: redirectUriOf(page).href,
    scope: scope ?? options.scope,
    client: clientOf(page),
    resource: options.resource,
    issuer: options.issuer,
    challenge,
  })
  const wanted = { returnTo: ownPath(returnTo ?? location.href), way }
  await saveReturn(store, started.state, wanted)
  return { ...started, ...wanted }
}

function clientOf({ options: { clientId, client } }: Page): StartSignInOptions['client'] {
  return clientId === undefined ? client : { ...client, clientId }
}

function redirectUriOf(page: Page): URL {
  const url = ownRedirectUri(page)
  if (url) return url
  throw unusable('redirectUri', 'is no page of this origin', 'Give one, such as "/callback".')
}

/** Anywhere else the answer would be somebody else's. */
function ownRedirectUri({ options: { redirectUri = '/' } }: Page): URL | undefined {
  const url = URL.canParse(redirectUri, location.href) ? new URL(redirectUri, location.href) : undefined
  return url?.origin === location.origin ? url : undefined
}

/** The callback that this page is finishing: whoever asks meanwhile, such as a component that mounts twice, gets the same answer. */
const finishing = new WeakMap<Page, { readonly href: string; readonly work: Promise<FinishedCallback | undefined> }>()

/** Whether the page is one that a sign-in came back to, and that is not finished: what is kept here may be another page's copy. */
export function isReturning(page: Page): boolean {
  const redirectUri = ownRedirectUri(page)
  const isBack = redirectUri && isCallback(new URL(location.href), redirectUri, page.options.redirectUri === undefined)
  return finishing.has(page) || isBack === true
}

/** Resolves when no callback is being finished any more. */
export async function settled(page: Page): Promise<void> {
  await finishing.get(page)?.work.catch(() => undefined)
}

/** Finishes the sign-in that an address is the answer to, once; nothing is waited for before it is out of the address bar. */
export async function finishSignIn(page: Page, given: string | URL = ''): Promise<FinishedCallback | undefined> {
  // On a server nobody comes back.
  if (!('document' in globalThis)) return undefined
  const known = finishing.get(page)
  const url = URL.canParse(given, location.href) ? new URL(given || location.href, location.href) : undefined
  const isOurs = url && isCallback(url, redirectUriOf(page), page.options.redirectUri === undefined)
  const answer = isOurs ? url : known ? undefined : page.unfinished
  if (!answer) return known ? known.work : page.view.settled().then(() => undefined)
  // The code is nobody else's business, and no second visit may send it again.
  cleanAddress(answer)
  if (known?.href === answer.href) return known.work
  page.unfinished = undefined
  const mine = { href: answer.href, work: finished(page, answer) }
  finishing.set(page, mine)
  mine.work.catch((error) => {
    // Trouble that passes: who asks again goes on with this answer, which is nowhere else any more.
    if (PentauthError.isInstance(error) && error.retryable) page.unfinished = answer
  })
  return mine.work.finally(() => finishing.get(page) === mine && finishing.delete(page))
}

async function finished(page: Page, url: URL): Promise<FinishedCallback | undefined> {
  const { service, store } = page
  if (isFramed()) {
    throw new PentauthError({
      code: 'sign_in_response_invalid',
      message: `The ${service.name} sign-in came back to a frame inside of another page, where none is finished.`,
      service: service.id,
      hint: "Send frame-ancestors 'none' with the callback page, and sign in by redirect or popup.",
    })
  }
  const state = url.searchParams.get('state')
  const wanted = await findReturn(store, state)
  if (wanted?.way !== 'redirect') {
    const { handOver } = await loaded(import('./popup.ts'))
    if (await handOver(url, state)) return undefined
  }
  const done = await finishHere(page, url)
  await endReturn(store, state)
  return { ...done, returnTo: ownPath(wanted?.returnTo ?? '/') }
}

/** Gets the tokens for an answer, and makes its account the current one. */
async function finishHere(page: Page, url: URL): Promise<Omit<FinishedCallback, 'returnTo'>> {
  // Whichever account it was begun for.
  const done = await finish(page.service, url, { ...page.place(''), account: undefined })
  await page.switchTo(done.account)
  await page.view.read()
  return done
}
