import { describe, expect, it, onTestFinished } from 'vitest'
import { type SessionSnapshot, sessionView } from '../src/snapshot.ts'

const signedIn: SessionSnapshot = { status: 'signed_in', account: 'a', scopes: ['mcp'], expiresAt: 1 }
const signedOut: SessionSnapshot = { status: 'signed_out', account: 'a' }

/** A view whose looks are answered by hand. */
function byHand() {
  const asked: ((next: SessionSnapshot | undefined) => void)[] = []
  const view = sessionView('a', () => new Promise((answer) => asked.push(answer)))
  let told = 0
  view.subscribe(() => {
    told += 1
  })
  const answer = (index: number, next: SessionSnapshot | undefined) => asked[index]?.(next && { ...next })
  return { view, answer, told: () => told }
}

/** Errors that reached the page instead of a caller. */
function reported() {
  const errors: unknown[] = []
  const hear = (event: ErrorEvent) => {
    event.preventDefault()
    event.stopImmediatePropagation()
    errors.push(event.error)
  }
  addEventListener('error', hear, true)
  onTestFinished(() => removeEventListener('error', hear, true))
  return errors
}

describe('the snapshot', () => {
  it('is loading until the first look, and the same object until something changes', async () => {
    const { view, answer, told } = byHand()
    const before = view.current()
    expect(before).toEqual({ status: 'loading', account: 'a' })
    expect(view.current()).toBe(before)
    const first = view.read()
    answer(0, signedIn)
    await first
    const found = view.current()
    expect(found).toEqual(signedIn)
    const again = view.read()
    answer(1, { ...signedIn, scopes: ['mcp'] })
    await again
    expect(view.current()).toBe(found)
    expect(told()).toBe(1)
    expect(() => Object.assign(found, { status: 'signed_out' })).toThrow(TypeError)
  })

  it('shows the last look, whichever comes first', async () => {
    const { view, answer, told } = byHand()
    const [first, second] = [view.read(), view.read()]
    answer(1, signedIn)
    await second
    answer(0, signedOut)
    await first
    expect(view.current()).toEqual(signedIn)
    expect(told()).toBe(1)
  })

  it('lets who waits for an early look see what the late one found', async () => {
    const { view, answer } = byHand()
    const first = view.read().then(() => view.current())
    const second = view.read()
    answer(0, signedOut)
    await Promise.resolve()
    answer(1, signedIn)
    await second
    expect(await first).toEqual(signedIn)
  })

  it('is signed out from the moment somebody leaves, whatever is being looked at', async () => {
    const { view, answer } = byHand()
    const look = view.read()
    view.leave()
    answer(0, signedIn)
    await look
    expect(view.current()).toEqual(signedOut)
  })

  it('keeps what it says when the storage cannot be read, but does not go on loading', async () => {
    const { view, answer, told } = byHand()
    const first = view.read()
    answer(0, undefined)
    await first
    expect(view.current()).toEqual(signedOut)
    const second = view.read()
    answer(1, signedIn)
    await second
    const third = view.read()
    answer(2, undefined)
    await third
    expect(view.current()).toEqual(signedIn)
    expect(told()).toBe(2)
  })
})

describe('listeners', () => {
  const leaveOnce = () => {
    const view = sessionView('a', async () => signedIn)
    return view
  }

  it('one that throws fails nobody else, and is reported', async () => {
    const errors = reported()
    const view = leaveOnce()
    const told: string[] = []
    const mine = new TypeError('mine')
    view.subscribe(() => {
      throw mine
    })
    view.subscribe(() => told.push('second'))
    await view.read()
    expect([told, errors]).toEqual([['second'], [mine]])
  })

  it('one that is taken away while others are told is not told any more', async () => {
    const view = leaveOnce()
    const told: string[] = []
    const stops = [
      view.subscribe(() => {
        told.push('first')
        for (const stop of stops) stop()
      }),
      view.subscribe(() => told.push('second')),
    ]
    await view.read()
    view.leave()
    expect(told).toEqual(['first'])
  })

  it('one that comes while others are told waits for the next change', async () => {
    const view = leaveOnce()
    const told: string[] = []
    const stop = view.subscribe(() => {
      stop()
      view.subscribe(() => told.push('new'))
    })
    await view.read()
    expect(told).toEqual([])
    view.leave()
    expect(told).toEqual(['new'])
  })

  it('the same function twice is two listeners', async () => {
    const view = leaveOnce()
    let told = 0
    const listener = () => {
      told += 1
    }
    const stop = view.subscribe(listener)
    view.subscribe(listener)
    stop()
    stop()
    await view.read()
    expect(told).toBe(1)
  })

  it('one that changes the session while it is told ends with the last', async () => {
    const view = leaveOnce()
    const seen: string[] = []
    view.subscribe(() => view.current().status === 'signed_in' && view.leave())
    view.subscribe(() => seen.push(view.current().status))
    await view.read()
    expect(seen.at(-1)).toBe('signed_out')
    expect(view.current().status).toBe('signed_out')
  })
})
