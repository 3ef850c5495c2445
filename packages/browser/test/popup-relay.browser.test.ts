import { afterEach, expect, it, vi } from 'vitest'
import { handOver, relayOf } from '../src/popup-relay.ts'

// The callback's side. What the windows do is shown in e2e/popup.test.ts.

const url = new URL('https://app.example/callback?code=c&state=s1')
const open: BroadcastChannel[] = []

/** A page that opened a popup for that sign-in, and what it hears. */
function opener(state: string, answer?: unknown): unknown[] {
  const heard: unknown[] = []
  const relay = relayOf(state)
  open.push(relay)
  relay.onmessage = ({ data }) => {
    heard.push(data)
    if (answer !== undefined) relay.postMessage(answer)
  }
  return heard
}

const windowCloses = () => vi.spyOn(window, 'close').mockImplementation(() => undefined)

afterEach(() => {
  for (const relay of open.splice(0)) relay.close()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('gives the answer to the page that waits for it, and closes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const close = windowCloses()
  const heard = opener('s1', 'taken')
  const others = opener('s2', 'taken')
  let settled: boolean | undefined
  const handed = handOver(url, 's1').then((isTaken) => {
    settled = isTaken
  })
  await vi.waitFor(() => expect(close).toHaveBeenCalledOnce())
  expect(heard).toEqual([url.href])
  expect(others).toEqual([])
  // The page must not go on while its window closes.
  await vi.advanceTimersByTimeAsync(2500)
  expect(settled).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1000)
  await handed
  expect(settled).toBe(true)
})

it.for(['nobody', 'somebody who says something else', 'a page that took another answer'] as const)(
  'leaves the sign-in to the callback page: %s',
  async (who) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const close = windowCloses()
    const heard = who === 'somebody who says something else' ? opener('s1', { taken: true }) : []
    if (who === 'a page that took another answer') opener('s2', 'taken')
    const handed = handOver(url, 's1')
    if (who === 'somebody who says something else') await vi.waitFor(() => expect(heard).toHaveLength(1))
    await vi.advanceTimersByTimeAsync(2000)
    expect(await handed).toBe(false)
    expect(close).not.toHaveBeenCalled()
  },
)

it('asks nobody for an answer without a state', async () => {
  const heard = opener('null', 'taken')
  expect(await handOver(url, null)).toBe(false)
  expect(await handOver(url, '')).toBe(false)
  expect(heard).toEqual([])
})
