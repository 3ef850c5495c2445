import {
  type EventListener,
  PentauthError,
  type PentauthEvent,
  type Resource,
  type Runtime,
  type Service,
  type Store,
  savedAccount,
  signOut,
} from '@pentauth/core'
import { browserRuntime } from './browser-runtime.ts'
import { defaultStorage } from './default-storage.ts'
import { type Departure, departure } from './departure.ts'
import type { BrowserAuthOptions } from './options.ts'
import { type SessionSnapshot, type SessionView, sessionView } from './snapshot.ts'
import { openTab, type Tab } from './tab-channel.ts'
import { waitingPlace } from './transactions.ts'

/** Whose session something is about, for the functions of core. */
export interface Place {
  readonly store: Store
  readonly account: string
  readonly app: string
  readonly runtime: Partial<Runtime>
  readonly onEvent: EventListener
}

/** What the parts of one `createAuth` share. */
export interface Page {
  readonly service: Service
  readonly options: BrowserAuthOptions
  readonly store: Store
  readonly tab: Tab
  readonly view: SessionView
  /** Tells the listener of the page. */
  readonly tell: (event: object) => void
  /** The current account, where it is known without asking the store. */
  readonly known: () => string | undefined
  readonly leaving: Departure
  readonly account: () => Promise<string>
  readonly switchTo: (account: string) => Promise<void>
  readonly place: (account: string) => Place
  readonly signOut: () => Promise<void>
  /** The answer to a sign-in that trouble kept from being finished. */
  unfinished?: URL | undefined
  /** Ends the sign-in by popup that is going on, where there is one. */
  endPopup?: (() => void) | undefined
}

/** A service, its person, and what they share with other tabs; nothing is opened yet. */
export function pageOf(service: Service, options: BrowserAuthOptions): Page {
  const { app = 'default', onEvent: listener, account: fixed } = options
  const runtime = browserRuntime(options.runtime)
  // Behind a turn, as core tells its own: a listener that fails must not fail what it only watches.
  const tell = (event: object) =>
    void Promise.resolve({ service: service.id, ...event } as PentauthEvent)
      .then(listener)
      .catch(() => undefined)
  const accountKey = `account/${[service.id, app].map(encodeURIComponent).join('/')}`
  let known = fixed
  let turn = 0
  const account = async (): Promise<string> => {
    if (known !== undefined) return known
    const mine = turn
    let read: string
    try {
      read = (await store.get(accountKey)) || 'default'
    } catch {
      // Looked for again with the next use.
      return 'default'
    }
    // Somebody may have switched meanwhile, here or in another tab.
    if (mine !== turn) return account()
    known = read
    return read
  }
  const know = (account: string | undefined) => {
    known = account
    turn += 1
  }
  const leaving = departure(() => void view.read())
  const onEvent: EventListener = (event) => {
    if (event.type === 'signed_in') leaving.end()
    if (/^(?:session|signed)_/.test(event.type)) void view.read()
    return listener?.(event)
  }
  const place = (named: string): Place => ({ store, account: named, app, runtime, onEvent })
  const endHere = async () => {
    view.leave()
    const out = await account()
    try {
      await signOut(service, place(out))
      // Somebody else may have signed in meanwhile.
      if (out === (await account())) await switchTo('default')
    } finally {
      await view.read()
    }
  }
  const storage = options.storage ?? defaultStorage(tell)
  const tab = openTab(storage, waitingPlace(storage), async (out, id, program, isOff) => {
    if (id !== service.id || program !== app || out !== (await account())) return
    if (isOff) {
      leaving.end()
      return view.read()
    }
    if (store.name === undefined || store.name === 'sessionStorage') return endHere()
    // Who shares the storage loses it in a moment.
    leaving.begin(out)
    view.leave()
  })
  const { store } = tab
  const view = sessionView(fixed ?? 'default', async () => {
    const named = await account()
    const found = await snapshotOf(service, options, place(named), view.current)
    if (!leaving.of(named)) return found
    if (found && found.status !== 'signed_in') leaving.end()
    return { status: 'signed_out', account: named }
  })
  const switchTo = async (next: string) => {
    if (fixed !== undefined || next === (await account())) return
    know(next)
    await (next === 'default' ? store.delete(accountKey) : store.set(accountKey, next)).catch(() => undefined)
  }
  store.watch?.((key) => {
    if (key === accountKey) know(fixed)
    if (/^(?:session|account)\//.test(key)) void view.read()
  })
  return {
    service,
    options,
    store,
    tab,
    view,
    known: () => known,
    leaving,
    tell,
    account,
    switchTo,
    place,
    async signOut() {
      view.leave()
      // Before anything is asked of the service, which may take its time.
      const message = { out: await account(), service: service.id, app }
      tab.post(message)
      await endHere().catch((error) => {
        tab.post({ ...message, isOff: true })
        throw error
      })
    },
  }
}

/** Who is signed in by the store; `undefined` where it cannot be read. */
async function snapshotOf(
  service: Service,
  { resource }: BrowserAuthOptions,
  place: Place,
  current: () => SessionSnapshot,
): Promise<SessionSnapshot | undefined> {
  const { account } = place
  if (!Object.values<Resource>(service.resources).some(({ accessToken }) => accessToken))
    return { status: 'signed_out', account }
  try {
    const found = await savedAccount(service, { ...place, resource })
    if (found?.status !== 'signed_in') return { status: found?.status === 'ended' ? 'ended' : 'signed_out', account }
    const { status, scopes, expiresAt } = found
    return { status, account, ...(scopes ? { scopes } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) }
  } catch (error) {
    // An offline page that lacks a part of the program knows no more than before.
    return PentauthError.isInstance(error) && error.retryable && error.code !== 'store_failed' ? current() : undefined
  }
}
