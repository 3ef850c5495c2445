import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { checkAddress } from '../src/address.ts'
import { PentauthError, pensyve, relocate } from '../src/index.ts'
import { acmeAt, flowFor } from './support/discovery.ts'

const far = flowFor(pensyve)
const here = flowFor(acmeAt('http://127.0.0.1:4100/mcp'))

const outcome = async (flow: typeof far, url: unknown) => {
  try {
    return (await checkAddress(flow, url, 'token_endpoint')).href
  } catch (error) {
    if (PentauthError.isInstance(error) && error.code === 'unsafe_address') return error.message
    throw error
  }
}

const refused: Record<string, readonly string[]> = {
  'is not an absolute URL': [
    ...['', '/token', 'token', 'https://', 'https://[::1', '//evil.test/'],
    // The parser takes them out; in a log they would do their work.
    ...['https://as.example/\n', ' https://as.example/', 'https://as.example/\u001b[2J', 'https://as.example/\u202ex'],
  ],
  'is not http(s)': [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://as.example/',
    'com.app:/x',
  ],
  'holds a user or password': ['https://user@as.example/', 'https://:pw@as.example/', 'https://a:b@api.pensyve.com/'],
  'has a fragment': ['https://as.example/#', 'https://as.example/#x', 'https://api.pensyve.com/#x'],
  'is plain http': ['http://as.example/token', 'http://api.pensyve.com/token', 'http://8.8.8.8/'],
  'is on this machine': [
    'http://localhost/',
    'https://localhost./',
    'https://LOCALHOST:8443/',
    'https://a.localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://127.8.9.10/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.01/',
    'https://127.0.0.1./',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://１２７.0.0.1/',
  ],
  'is in a private network': [
    'https://0.0.0.0/',
    'https://0/',
    'https://10.0.0.1/',
    'https://0xa000001/',
    'https://012.0.0.1/',
    'https://100.64.0.1/',
    'https://100.127.255.255/',
    'http://169.254.169.254/latest/meta-data/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://192.0.0.8/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::a00:1]/',
    'https://[fc00::1]/',
    'https://[fd12:3456::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[2001:db8::1]/',
    'https://[2001::1]/',
    'https://[2002:a00:1::]/',
  ],
}

describe('an address that a server named', () => {
  for (const [flaw, urls] of Object.entries(refused)) {
    it.each(urls)(`${flaw}: %s`, async (url) => {
      expect(await outcome(far, url)).toContain(`${flaw}, so nothing is sent there.`)
    })
  }

  it.each([5, null, undefined, {}, [], ['https://as.example/']])('is no text: %j', async (value) => {
    expect(await outcome(far, value)).toContain('is not an absolute URL')
  })

  it.each([
    'https://as.example/',
    'https://as.example:8443/token?x=1',
    'https://100.63.0.1/',
    'https://172.15.0.1/',
    'https://172.32.0.1/',
    'https://11.0.0.1/',
    'https://[2606:4700::1111]/',
    'https://[2001:4860:4860::8888]/',
    'https://localhost.example/',
    'https://127.0.0.1.example/',
    'https://api.pensyve.com/v2',
  ])('is taken: %s', async (url) => {
    expect(await outcome(far, url)).toBe(url)
  })

  it('repeats neither query nor user information, nor what looks like a key in its path', async () => {
    const secret = testKey.token()
    const urls = [
      `http://as.example/?code=${secret}`,
      `https://user:${secret}@as.example/`,
      `http://as.example/${secret}`,
      `https://as.example/#${secret}`,
      `javascript:${secret}`,
      secret,
    ]
    for (const url of urls) expect(await outcome(far, url)).toMatch(/^Pensyve: the address learned as token_endpoint/)
    expect(await outcome(far, 'http://as.example/a/b?c=d')).toBe(
      'Pensyve: the address learned as token_endpoint, http://as.example/a/b, is plain http, so nothing is sent there. ' +
        'If it is a deployment of your own, name its addresses in the definition: relocate() or defineService().',
    )
  })
})

describe('on this machine and in a network of one’s own', () => {
  it.each(['http://127.0.0.1:9000/', 'http://localhost:9000/', 'http://[::1]:9000/', 'https://a.localhost/'])(
    'a resource on this machine may name it: %s',
    async (url) => expect(await outcome(here, url)).toBe(url),
  )

  it.each(['http://10.0.0.1/', 'https://192.168.0.1/', 'https://[::ffff:127.0.0.1]/'])(
    'and no other network: %s',
    async (url) => expect(await outcome(here, url)).toContain('is in a private network'),
  )

  it('what the definition names is as private as it likes, after relocate too', async () => {
    const moved = relocate(pensyve, {
      'https://mcp.pensyve.com': 'https://10.1.2.3',
      'https://api.pensyve.com': 'https://10.1.2.4',
    })
    expect(await outcome(flowFor(moved), 'https://10.1.2.3/oauth/token')).toBe('https://10.1.2.3/oauth/token')
    expect(await outcome(flowFor(moved), 'https://10.1.2.5/oauth/token')).toContain('is in a private network')
    expect(await outcome(flowFor(moved), 'http://10.1.2.3/oauth/token')).toContain('is in a private network')
  })

  it('plain http is for the definition’s own addresses, where that was asked for by name', async () => {
    const origins = { 'https://mcp.pensyve.com': 'http://10.1.2.3', 'https://api.pensyve.com': 'http://10.1.2.4' }
    const moved = relocate(pensyve, origins, { dangerouslyAllowPlainHttp: true })
    expect(await outcome(flowFor(moved), 'http://10.1.2.3/oauth/token')).toBe('http://10.1.2.3/oauth/token')
    expect(await outcome(flowFor(moved), 'http://as.example/oauth/token')).toContain('is plain http')
  })
})
