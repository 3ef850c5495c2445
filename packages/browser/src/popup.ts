import type { FinishedCallback, SignInOptions, SignInResult } from './options.ts'
import type { Page } from './page.ts'
import { relayOf } from './popup-relay.ts'

export { handOver } from './popup-relay.ts'

/** How often (ms) a popup is looked at, and how many looks in a row must find that the person has closed it. */
const pause = 400
const looks = 3

/** A sign-in that waits for its person. */
export interface BegunSignIn {
  readonly url: URL
  readonly state: string
  readonly returnTo: string
}

/** The steps of every sign-in: the page has them already, and an import would load them as a file of their own. */
export interface Steps {
  readonly begin: (page: Page, wishes: SignInOptions, way: 'popup') => Promise<BegunSignIn>
  readonly finish: (page: Page, url: URL) => Promise<Omit<FinishedCallback, 'returnTo'>>
  readonly find: (store: Page['store'], state: string) => Promise<unknown>
}

/**
 * Signs in by a popup: this page keeps what a sign-in is finished with, and only the answer comes back to it.
 *
 * @returns `undefined` where the browser has opened none
 */
export async function signInByPopup(
  page: Page,
  popup: Window | null | undefined,
  wishes: SignInOptions,
  steps: Steps,
): Promise<SignInResult | undefined> {
  if (!popup) {
    page.tell({ type: 'popup_blocked', account: await page.account() })
    return undefined
  }
  // The one before has lost its person to this one.
  page.endPopup?.()
  page.endPopup = () => popup.close()
  present(popup, page.service.name)
  const owner = ownerOf(popup)
  try {
    const begun = await steps.begin(page, wishes, 'popup')
    if (popup.closed) return { outcome: 'closed' }
    const result = answered(page, popup, begun, steps)
    // In place of the blank page, which nobody wants to go back to.
    popup.location.replace(begun.url)
    return await result
  } finally {
    owner.remove()
  }
}

/** Something to see until the service's page is there. Nothing is parsed: no name is markup, and no policy of the page is in the way. */
function present(popup: Window, name: string): void {
  const { document: blank } = popup
  blank.title = name
  blank.body.textContent = `${name} …`
  blank.documentElement.style.cssText = 'color-scheme:light dark;font:1em system-ui;margin:1em'
  popup.moveTo(screenX + (outerWidth - 480) / 2, screenY + (outerHeight - 720) / 2)
}

/**
 * Gives the popup another opener than this page: the service's page could send its opener elsewhere, to one that looks the same.
 *
 * An empty frame of this page has nothing to lose, and as long as it is there this page may close the popup. Who opens a window that is
 * there already, by its name, becomes its opener; a browser that does not do so leaves the popup without any, and to its person.
 */
function ownerOf(popup: Window): Element {
  const frame = document.createElement('iframe')
  frame.hidden = true
  document.documentElement.append(frame)
  popup.name = 'pentauth'
  const found = frame.contentWindow?.open('', popup.name)
  popup.name = ''
  if (found !== popup) found?.close()
  if (popup.opener === window) popup.opener = null
  return frame
}

/** Waits for the answer, for the person to close the popup, or for who ends this attempt. */
function answered(
  page: Page,
  popup: Window,
  { state, returnTo }: BegunSignIn,
  { finish, find }: Steps,
): Promise<SignInResult> {
  const relay = relayOf(state)
  // A page that is kept aside (bfcache) has nothing open. The popup then finishes by itself, where it shares the storage.
  const mute = () => relay.close()
  addEventListener('pagehide', mute)
  /** The session of a sign-in that the popup has finished by itself: nothing waits for its return any more. */
  const adopted = async (): Promise<SignInResult | undefined> => {
    if (await find(page.store, state)) return undefined
    await page.view.read()
    const { status, ...session } = page.view.current()
    return status === 'signed_in' ? { outcome: status, ...session, returnTo } : undefined
  }
  return new Promise((resolve, reject) => {
    let gone = 0
    // `closed` is also true for a popup that a page of the service has cut off (COOP). But only who closes it comes back here, so it
    // counts while this page has the focus, and for a second, since focus comes and goes. Where that is wrong nothing is lost: the
    // relay stays open, and a sign-in that is finished after all is the session of this page.
    const timer = setInterval(() => {
      gone = popup.closed && document.hasFocus() ? gone + 1 : 0
      if (gone < looks) return
      clearInterval(timer)
      adopted().then((found) => resolve(found ?? { outcome: 'closed' }), reject)
    }, pause)
    const end = () => {
      page.endPopup = undefined
      clearInterval(timer)
      removeEventListener('pagehide', mute)
      relay.close()
    }
    page.endPopup = () => {
      popup.close()
      end()
      resolve({ outcome: 'closed' })
    }
    relay.onmessage = ({ data }) => {
      if (!URL.canParse(data) || new URL(data).searchParams.get('state') !== state) return
      relay.postMessage('taken')
      end()
      finish(page, new URL(data))
        .then((done) => ({ outcome: 'signed_in' as const, ...done, returnTo }))
        .catch(async (error) => {
          // This page was asleep for longer than the popup waits.
          const found = await adopted()
          if (found) return found
          throw error
        })
        .then(resolve, reject)
    }
  })
}
