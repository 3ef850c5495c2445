import {
  type EventListener,
  type Resource,
  type Runtime,
  type Service,
  type Store,
  savedAccount,
  signOut,
} from '@pentauth/core'
import { browserRuntime } from './browser-runtime.ts'
import { defaultStorage } from './default-storage.ts'
import type { BrowserAuthOptions } from './options.ts'
import { type SessionSnapshot, type SessionView, sessionView } from './snapshot.ts'
import { openTab, type Tab } from './tab-channel.ts'

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
  /** The current account, where it is known without asking the store. */
  readonly known: () => string | undefined
  readonly account: () => Promise<string>
  readonly switchTo: (account: string) => Promise<void>
  readonly place: (account: string) => Place
  readonly signOut: () => Promise<void>
}

/** A service, its person, and what they share with other tabs; nothing is opened yet. */
export function pageOf(service: Service, options: BrowserAuthOptions): Page {
  const { app = 'default', onEvent: listener, account: fixed } = options
  const runtime = browserRuntime(options.runtime)
  const tell = (event: object) => listener?.({ service: service.id, ...event } as Parameters<EventListener>[0])
  const accountKey = `account/${[service.id, app].map(encodeURIComponent).join('/')}`
  let known = fixed
  const account = async () => (known ??= (await store.get(accountKey).catch(() => undefined)) || 'default')
  const onEvent: EventListener = (event) => {
    if (/^(?:session|signed)_/.test(event.type)) void view.read()
    return listener?.(event)
  }
  const place = (named: string): Place => ({ store, account: named, app, runtime, onEvent })
  const endHere = async () => {
    try {
      await signOut(service, place(await account()))
      await switchTo('default')
    } finally {
      await view.read()
    }
  }
  const tab = openTab(options.storage ?? defaultStorage(tell), async (out, id, program) => {
    // Those who share a storage have lost it already, or have another one by now.
    const isShared = store.withLock !== undefined && store.name !== 'sessionStorage'
    if (!isShared && id === service.id && program === app && out === (await account())) await endHere()
  })
  const { store } = tab
  const view = sessionView(fixed ?? 'default', async () => snapshotOf(service, options, place(await account())))
  const switchTo = async (next: string) => {
    if (fixed !== undefined || next === (await account())) return
    known = next
    await (next === 'default' ? store.delete(accountKey) : store.set(accountKey, next)).catch(() => undefined)
  }
  store.watch?.((key) => {
    if (key === accountKey) known = fixed
    if (/^(?:session|account)\//.test(key)) void view.read()
  })
  return {
    service,
    options,
    store,
    tab,
    view,
    known: () => known,
    account,
    switchTo,
    place,
    async signOut() {
      view.leave()
      const out = await account()
      await endHere()
      tab.post({ out, service: service.id, app })
    },
  }
}

/** Who is signed in by the store; `undefined` where it cannot be read. */
async function snapshotOf(
  service: Service,
  { resource }: BrowserAuthOptions,
  place: Place,
): Promise<SessionSnapshot | undefined> {
  const { account } = place
  if (!Object.values<Resource>(service.resources).some(({ accessToken }) => accessToken))
    return { status: 'signed_out', account }
  try {
    const found = await savedAccount(service, { ...place, resource })
    if (found?.status !== 'signed_in') return { status: found?.status === 'ended' ? 'ended' : 'signed_out', account }
    const { status, scopes, expiresAt } = found
    return { status, account, ...(scopes ? { scopes } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) }
  } catch {
    return undefined
  }
}
