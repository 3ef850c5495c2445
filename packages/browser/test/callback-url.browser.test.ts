import { afterEach, describe, expect, it } from 'vitest'
import { cleanAddress, isCallback } from '../src/callback-url.ts'

const here = location.href
afterEach(() => history.replaceState(null, '', here))

const page = new URL('/callback', here)
const at = (address: string) => new URL(address, here)

describe('what is taken for an answer', () => {
  it.each(['/callback?code=a&state=b', '/callback?error=access_denied', '/callback?x=1&code=a#fragment'])(
    '%s',
    (address) => {
      expect(isCallback(at(address), page)).toBe(true)
    },
  )

  it.each([
    '/callback',
    '/callback?state=b',
    '/callback?codes=a',
    '/callback#code=a&state=b',
    '/callback/?code=a&state=b',
    '/Callback?code=a&state=b',
    '/callbacks?code=a&state=b',
    '/?code=a&state=b',
    'https://evil.example/callback?code=a&state=b',
    `${page.origin.replace(/\d$/, '')}/callback?code=a&state=b`,
  ])('not %s', (address) => {
    expect(isCallback(at(address), page)).toBe(false)
  })

  it('looks at the query of the page alone, which may have one of its own', () => {
    expect(isCallback(at('/callback?app=1&code=a&state=b'), at('/callback?app=1'))).toBe(true)
  })

  it('on a page that is for other things, too, only what has a state', () => {
    expect(isCallback(at('/callback?code=SPRING10'), page, true)).toBe(false)
    expect(isCallback(at('/callback?error=1'), page, true)).toBe(false)
    expect(isCallback(at('/callback?code=a&state=b'), page, true)).toBe(true)
  })
})

describe('the address bar', () => {
  const visit = (address: string, state: unknown = null) => history.replaceState(state, '', address)

  it('loses the answer, and nothing else', () => {
    const entries = history.length
    visit('/callback?x=1&code=a&state=b&iss=c&error=d&error_description=e&error_uri=f&session_state=g&y=2#part')
    cleanAddress(new URL(location.href))
    expect(location.href).toBe(at('/callback?x=1&y=2#part').href)
    expect(history.length).toBe(entries)
  })

  it('keeps what a router put into the history', () => {
    visit('/callback?code=a&state=b', { key: 'of a router' })
    cleanAddress(new URL(location.href))
    expect([location.search, history.state]).toEqual(['', { key: 'of a router' }])
  })

  it('loses what is there twice', () => {
    visit('/callback?code=a&code=b&state=c&state=d')
    cleanAddress(new URL(location.href))
    expect(location.search).toBe('')
  })

  it('is left alone where the answer is another address', () => {
    visit('/callback?code=a&state=b')
    cleanAddress(at('/callback?code=other&state=b'))
    expect(location.search).toBe('?code=a&state=b')
  })
})
