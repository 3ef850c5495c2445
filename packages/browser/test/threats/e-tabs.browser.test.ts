import { threat } from '@pentauth/tooling/threat'
import { onTestFinished, vi } from 'vitest'
import { type BrowserAuth, memoryStore, PentauthError, pensyve, type Store } from '../../src/index.ts'
import { openWorld, type World } from '../support/world.ts'

// E in tabs: several pages with one storage, the browser's own locks and channels, and one token that has ended.

vi.mock('../../src/framed.ts', () => ({ isFramed: () => false }))

interface Tab {
  /** The status of a call, or the code of its failure. */
  call(signal?: AbortSignal): Promise<string>
  status(): string
  signOut(): Promise<void>
}
interface Pages {
  readonly world: World
  readonly tabs: readonly [Tab, Tab, Tab]
  /** What is stored for the next page. */
  stored(): Promise<string>
}
type Subject = () => Promise<Pages>

const account = `${pensyve.resources.rest.url}/account`
const life = 900_000
/** The code of an error of ours, the name of the platform's own. */
const codeOf = (error: unknown) => (PentauthError.isInstance(error) ? error.code : (error as Error).name)

const ours: Subject = async () => {
  const world = await openWorld()
  const own = crypto.randomUUID()
  const storage: Store = {
    ...memoryStore(),
    name: 'a disk',
    withLock: <T>(name: string, run: () => Promise<T>) => navigator.locks.request(`${own}/${name}`, run) as Promise<T>,
  }
  const open = (): [Tab, BrowserAuth] => {
    const auth = world.open(pensyve, { storage })
    const call = (signal?: AbortSignal) =>
      auth.fetch(account, signal ? { signal } : {}).then(({ status }) => String(status), codeOf)
    return [{ call, status: () => auth.session.status, signOut: auth.signOut }, auth]
  }
  const [[first, auth], [second], [third]] = [open(), open(), open()]
  await world.signIn(auth)
  for (const tab of [first, second, third]) await tab.call()
  const stored = async () => {
    const keys = (await storage.keys?.('session/')) ?? []
    return (await Promise.all(keys.map((key) => storage.get(key)))).join('\n')
  }
  return { world, tabs: [first, second, third], stored }
}

/** Each tab with its own copy, which it renews when it is refused; any failure is the end. */
const naive: Subject = async () => {
  const world = await openWorld()
  const { sandbox } = world
  const { accessToken, refreshToken, clientId } = await sandbox.tokens.issue('pensyve')
  let disk = JSON.stringify({ accessToken, refreshToken })
  const open = (): Tab => {
    let tokens: { accessToken: string; refreshToken: string } | undefined = JSON.parse(disk)
    const send = () => fetch(account, { headers: { authorization: `Bearer ${tokens?.accessToken}` } })
    const renew = async (signal?: AbortSignal) => {
      const form = { grant_type: 'refresh_token', refresh_token: tokens?.refreshToken ?? '', client_id: clientId }
      const init = { method: 'POST', body: new URLSearchParams(form), ...(signal ? { signal } : {}) }
      const said = await fetch('https://mcp.pensyve.com/oauth/token', init)
      if (!said.ok) throw new TypeError('no token')
      const { access_token, refresh_token } = await said.json()
      tokens = { accessToken: access_token, refreshToken: refresh_token }
      disk = JSON.stringify(tokens)
    }
    const wake = () => void renew().catch(() => undefined)
    addEventListener('online', wake)
    onTestFinished(() => removeEventListener('online', wake))
    return {
      async call(signal) {
        try {
          let response = await send()
          if (response.status === 401) {
            await renew(signal)
            response = await send()
          }
          return String(response.status)
        } catch (error) {
          tokens = undefined
          return codeOf(error)
        }
      },
      status: () => (tokens ? 'signed_in' : 'signed_out'),
      async signOut() {
        tokens = undefined
        disk = ''
      },
    }
  }
  return { world, tabs: [open(), open(), open()], stored: async () => disk }
}

const refreshes = ({ sandbox }: World) => sandbox.tokens.requests('pensyve', 'refresh_token')
const slow = { service: 'pensyve', path: '/oauth/token', delay: 300 } as const
const others = (calls: readonly string[], expected: string) => calls.filter((call) => call !== expected)
/** Long enough for messages between tabs, and for a renewal that nobody waits for. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 700))

threat('E1', 'a hundred calls of one page at the end of a token, one of which is given up', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const { world, tabs } = await subject()
    world.sandbox.clock.advance(life)
    world.sandbox.faults.add(slow)
    const giveUp = new AbortController()
    const first = tabs[0].call(giveUp.signal)
    const calls = Array.from({ length: 99 }, () => tabs[0].call())
    setTimeout(() => giveUp.abort(), 100)
    const given = await first
    return { given, calls: await Promise.all(calls), asked: refreshes(world), status: tabs[0].status() }
  },
  breaches: ({ given, calls, asked, status }) => [
    ...(given === 'AbortError' ? [] : [`what was given up ended with ${given}`]),
    ...new Set(others(calls, '200')),
    ...(asked === 1 ? [] : [`${asked} refreshes`]),
    ...(status === 'signed_in' ? [] : [`the page says ${status}`]),
  ],
})

threat('E2', 'three tabs with a hundred calls at the end of one token', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const { world, tabs } = await subject()
    world.sandbox.clock.advance(life)
    world.sandbox.faults.add(slow)
    const calls = await Promise.all(Array.from({ length: 99 }, (_, index) => tabs[index % 3]?.call() ?? ''))
    const asked = refreshes(world)
    await settled()
    // And nobody comes with a token that is over.
    const later = await Promise.all(tabs.map((tab) => tab.call()))
    return { calls: [...calls, ...later], asked, statuses: tabs.map((tab) => tab.status()) }
  },
  breaches: ({ calls, asked, statuses }) => [
    ...new Set(others(calls, '200')),
    ...(asked === 1 ? [] : [`${asked} refreshes`]),
    ...others(statuses, 'signed_in').map((status) => `a tab says ${status}`),
  ],
})

threat('E7', 'trouble that passes, while a page renews its token', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const found: { readonly what: string; readonly during: string; readonly status: string; readonly later: string }[] =
      []
    const troubles: Readonly<Record<string, object>> = {
      '503': { status: 503, body: 'busy' },
      '500': { status: 500 },
      '429': { status: 429, headers: { 'retry-after': '1' } },
      HTML: { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway' },
      reset: { drop: true },
    }
    for (const [what, trouble] of Object.entries(troubles)) {
      const { world, tabs } = await subject()
      world.sandbox.clock.advance(life)
      const fault = world.sandbox.faults.add({ path: '/oauth/token', ...trouble } as never)
      const during = await tabs[0].call()
      dispatchEvent(new Event('online'))
      await settled()
      const status = tabs[0].status()
      fault.remove()
      world.sandbox.clock.advance(120_000)
      found.push({ what, during, status, later: await tabs[0].call() })
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ what, during, status, later }) => [
      ...(during === 'temporarily_unavailable' ? [] : [`${what}: ended with ${during}`]),
      ...(status === 'signed_in' ? [] : [`${what}: the page says ${status}`]),
      ...(later === '200' ? [] : [`${what}: ended with ${later} when it was over`]),
    ]),
})

threat('E8', 'somebody signs out in one tab while another renews', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const { world, tabs, stored } = await subject()
    world.sandbox.clock.advance(life)
    world.sandbox.faults.add(slow)
    const [mine, other] = tabs
    const call = mine.call()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await other.signOut()
    const outcome = await call
    await settled()
    const later = await Promise.all(tabs.map((tab) => tab.call()))
    const statuses = tabs.map((tab) => tab.status())
    return { outcome, later, statuses, stored: await stored(), apps: world.sandbox.apps.list('pensyve').length }
  },
  breaches: ({ outcome, later, statuses, stored, apps }) => [
    // What was on its way may be answered, with what it had; nobody goes on with it.
    ...(/^(?:200|401|sign_in_required)$/.test(outcome) ? [] : [`the call ended with ${outcome}`]),
    ...others(later, 'sign_in_required').map((call) => `a later call ended with ${call}`),
    ...others(statuses, 'signed_out').map((status) => `a tab says ${status}`),
    ...(/refreshToken/.test(stored) ? ['a session is stored'] : []),
    ...(apps === 0 ? [] : ['what was brought too late is good for something']),
  ],
})

threat('E9', 'a clock that jumps, and a machine that wakes up', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const day = 86_400_000
    const found: { readonly what: string; readonly asked: number; readonly calls: readonly string[] }[] = []
    for (const [what, jump] of Object.entries({
      'eight hours of sleep': 8 * 3_600_000,
      'a day ahead': day,
      'a minute': 60_000,
    })) {
      const { world, tabs } = await subject()
      const before = refreshes(world)
      world.sandbox.clock.advance(jump)
      for (let wake = 0; wake < 5; wake++) {
        for (const target of [globalThis, document])
          target.dispatchEvent(new Event(target === document ? 'visibilitychange' : 'online'))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await settled()
      found.push({ what, asked: refreshes(world) - before, calls: await Promise.all(tabs.map((tab) => tab.call())) })
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ what, asked, calls }) => [
      ...(asked <= (what === 'a minute' ? 0 : 1) ? [] : [`${what}: ${asked} refreshes`]),
      ...new Set(others(calls, '200').map((call) => `${what}: ended with ${call}`)),
    ]),
})
