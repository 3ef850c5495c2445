import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Page } from '../src/page.ts'
import { type Steps, signInByPopup } from '../src/popup.ts'
import { relayOf } from '../src/popup-relay.ts'

// The side of the page that opens the popup. What the windows do is shown in e2e/popup.test.ts.

const done = { account: 'default', scopes: ['notes'], expiresAt: 1 }
const answer = 'https://app.example/callback?code=c&state=s1'
const signedIn = { outcome: 'signed_in', ...done, returnTo: '/notes' }
let popups: Window[] = []
let relays: BroadcastChannel[] = []

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  vi.spyOn(document, 'hasFocus').mockReturnValue(false)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const popup of popups) popup.close()
  for (const relay of relays) relay.close()
  popups = []
  relays = []
  expect(document.querySelectorAll('iframe')).toHaveLength(0)
})

/** A window of the browser's. */
function opened(): Window {
  const popup = window.open('', '_blank', 'popup,width=480,height=720') as Window
  popups.push(popup)
  return popup
}

/** There is no service here; what would be its address is a place in the blank page. */
const service = 'about:blank#authorize'
const untilSent = (popup: Window) => vi.waitFor(() => expect(popup.location.href).toBe(service))

const told = vi.fn()
const read = vi.fn(async () => undefined)

function pageWith(session: object = { status: 'signed_out', account: 'default' }): Page {
  return {
    service: { id: 'pensyve', name: '<b>Pensyve</b>' },
    store: {},
    view: { read, current: () => session },
    tell: told,
    account: async () => 'default',
  } as unknown as Page
}

function stepsWith(steps: Partial<Steps> = {}): Steps {
  const begun = { url: new URL(service), state: 's1', returnTo: '/notes' }
  return { begin: vi.fn(async () => begun), finish: vi.fn(async () => done), find: vi.fn(async () => ({})), ...steps }
}

/** Somebody on the relay of that sign-in, and what they hear. */
function somebody(state = 's1'): { say: (data: unknown) => void; heard: unknown[] } {
  const relay = relayOf(state)
  relays.push(relay)
  const heard: unknown[] = []
  relay.onmessage = ({ data }) => heard.push(data)
  return { say: (data) => relay.postMessage(data), heard }
}

it('sends the popup to the service, and finishes with what comes back', async () => {
  const popup = opened()
  const steps = stepsWith()
  const page = pageWith()
  const { say, heard } = somebody()
  const result = signInByPopup(page, popup, { scope: 'notes' }, steps)
  expect(popup.document.body.innerHTML).toBe('&lt;b&gt;Pensyve&lt;/b&gt; …')
  expect(popup.document.title).toBe('<b>Pensyve</b>')
  expect(popup.name).toBe('')
  expect(popup.opener).not.toBe(window)
  await untilSent(popup)
  say(answer)
  expect(await result).toEqual(signedIn)
  expect(steps.begin).toHaveBeenCalledExactlyOnceWith(page, { scope: 'notes' }, 'popup')
  expect(steps.finish).toHaveBeenCalledExactlyOnceWith(page, new URL(answer))
  await vi.waitFor(() => expect(heard).toEqual(['taken']))
  expect(page.endPopup).toBeUndefined()
})

it('takes nothing for the answer that is none to this sign-in, and one answer only', async () => {
  const popup = opened()
  const steps = stepsWith()
  const { say, heard } = somebody()
  const result = signInByPopup(pageWith(), popup, {}, steps)
  await untilSent(popup)
  for (const rubbish of [null, 7, {}, 'taken', '?code=c&state=s1', 'https://app.example/callback?code=c&state=s2', ''])
    say(rubbish)
  for (let times = 0; times < 3; times += 1) say(answer)
  expect(await result).toEqual(signedIn)
  expect(steps.finish).toHaveBeenCalledOnce()
  await vi.waitFor(() => expect(heard).toEqual(['taken']))
})

it('says that a popup is closed when that is so while the page has the focus, for a second', async () => {
  const popup = opened()
  const page = pageWith()
  const steps = stepsWith()
  const result = signInByPopup(page, popup, {}, steps)
  let outcome: string | undefined
  void result.then((value) => {
    outcome = value?.outcome
  })
  await untilSent(popup)
  popup.close()
  await vi.advanceTimersByTimeAsync(60_000)
  vi.mocked(document.hasFocus).mockReturnValue(true)
  await vi.advanceTimersByTimeAsync(800)
  vi.mocked(document.hasFocus).mockReturnValueOnce(false)
  await vi.advanceTimersByTimeAsync(1200)
  expect(outcome).toBeUndefined()
  await vi.advanceTimersByTimeAsync(400)
  expect(await result).toEqual({ outcome: 'closed' })
  // It was only cut off.
  const { say, heard } = somebody()
  say(answer)
  await vi.waitFor(() => expect(heard).toEqual(['taken']))
  expect(steps.finish).toHaveBeenCalledOnce()
})

it.for([
  ['signed_in', { ...signedIn, account: 'default', scopes: undefined, expiresAt: undefined }],
  ['signed_out', { outcome: 'closed' }],
] as const)('a popup that finished by itself and was closed: %s', async ([status, expected]) => {
  const popup = opened()
  const page = pageWith({ status, account: 'default' })
  const result = signInByPopup(page, popup, {}, stepsWith({ find: async () => undefined }))
  await untilSent(popup)
  popup.close()
  vi.mocked(document.hasFocus).mockReturnValue(true)
  await vi.advanceTimersByTimeAsync(1200)
  expect(await result).toEqual(expected)
  page.endPopup?.()
})

it('rejects as the step before the service does', async () => {
  const popup = opened()
  const failed = new Error('Nothing was found.')
  const steps = stepsWith({ begin: () => Promise.reject(failed) })
  await expect(signInByPopup(pageWith(), popup, {}, steps)).rejects.toBe(failed)
  expect(popup.location.href).toBe('about:blank')
})

it.for(['the record waits still', 'somebody else finished it'] as const)(
  'an answer that is refused: %s',
  async (what) => {
    const popup = opened()
    const failed = new Error('It was finished before.')
    const isOver = what === 'somebody else finished it'
    const page = pageWith({ status: 'signed_in', ...done })
    const steps = stepsWith({ finish: () => Promise.reject(failed), find: async () => (isOver ? undefined : {}) })
    const result = signInByPopup(page, popup, {}, steps)
    await untilSent(popup)
    somebody().say(answer)
    if (isOver) expect(await result).toEqual(signedIn)
    else await expect(result).rejects.toBe(failed)
  },
)

it.for(['while the service is looked for', 'while the person is there'] as const)(
  'another attempt takes its place %s',
  async (when) => {
    const first = opened()
    const second = opened()
    const page = pageWith()
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const { begin, ...steps } = stepsWith()
    const slow = { ...steps, begin: (...given: Parameters<typeof begin>) => held.then(() => begin(...given)) }
    const results = [signInByPopup(page, first, {}, slow)]
    if (when === 'while the person is there') {
      letGo()
      await untilSent(first)
    }
    results.push(signInByPopup(page, second, {}, { ...steps, begin }))
    letGo()
    expect(first.closed).toBe(true)
    expect(await results[0]).toEqual({ outcome: 'closed' })
    await untilSent(second)
    somebody().say(answer)
    expect(await results[1]).toEqual(signedIn)
  },
)

it('hears nothing while the page is kept aside', async () => {
  const popup = opened()
  const page = pageWith()
  const steps = stepsWith()
  const result = signInByPopup(page, popup, {}, steps)
  await untilSent(popup)
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
  const { say, heard } = somebody()
  say(answer)
  page.endPopup?.()
  expect(await result).toEqual({ outcome: 'closed' })
  expect(heard).toEqual([])
  expect(steps.finish).not.toHaveBeenCalled()
})

it('tells where the browser has opened none', async () => {
  const steps = stepsWith()
  expect(await signInByPopup(pageWith(), null, {}, steps)).toBeUndefined()
  expect(told).toHaveBeenCalledExactlyOnceWith({ type: 'popup_blocked', account: 'default' })
  expect(steps.begin).not.toHaveBeenCalled()
})
