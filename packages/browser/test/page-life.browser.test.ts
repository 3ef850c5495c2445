import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { onPageLife } from '../src/page-life.ts'
import { visibility } from './support/visibility.ts'

function followed() {
  const said: string[] = []
  const stop = onPageLife({ wake: () => void said.push('wake'), rest: () => void said.push('rest') })
  onTestFinished(stop)
  return { said, stop }
}
const tell = (type: string, persisted = false) => dispatchEvent(new PageTransitionEvent(type, { persisted }))

describe('the life of a page', () => {
  it('wakes when it is seen, online or brought back, and rests when it is left', () => {
    const page = visibility()
    const { said } = followed()
    page.set('hidden')
    expect(said).toEqual([])
    page.set('visible')
    dispatchEvent(new Event('online'))
    tell('pagehide', true)
    tell('pageshow', true)
    expect(said).toEqual(['wake', 'wake', 'rest', 'wake'])
  })

  it('does not rest when it is only hidden, or offline: its calls and its other tabs go on', () => {
    const page = visibility()
    const { said } = followed()
    page.set('hidden')
    dispatchEvent(new Event('offline'))
    dispatchEvent(new Event('blur'))
    expect(said).toEqual([])
  })

  it('listens to nothing that keeps a page out of the browser’s cache, and to nothing when it is stopped', () => {
    const spies = [vi.spyOn(globalThis, 'addEventListener'), vi.spyOn(document, 'addEventListener')]
    const { said, stop } = followed()
    const added = spies.flatMap(({ mock }) => mock.calls.map(([type]) => type))
    for (const spy of spies) spy.mockRestore()
    expect(added.sort()).toEqual(['online', 'pagehide', 'pageshow', 'visibilitychange'])
    stop()
    for (const type of ['online', 'visibilitychange']) dispatchEvent(new Event(type))
    document.dispatchEvent(new Event('visibilitychange'))
    tell('pagehide')
    tell('pageshow')
    expect(said).toEqual([])
  })
})
