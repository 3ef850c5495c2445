import { apiKey, createAuth, memoryStore, pendra, pensyve } from '@pentauth/browser'
import { testKey } from '@pentauth/tooling/canary'
import { vi } from 'vitest'

/** Ways to each error that only pages make, with as much of a page as each needs. */
export function browserProvocations() {
  /** A page at that address, which is that one's frame. */
  const onPage = async (address: string, parts: object, work: () => Promise<unknown>) => {
    const page = { document: {}, location: new URL(address), ...parts }
    for (const [name, value] of Object.entries(page)) vi.stubGlobal(name, value)
    return work().finally(() => vi.unstubAllGlobals())
  }
  const make = () => createAuth(pensyve, { redirectUri: 'https://notes.example/callback', storage: memoryStore() })
  return {
    key_exposed: [
      () => createAuth(pendra, { credential: apiKey(testKey.pendra()) }),
      () => createAuth(pendra, { credential: apiKey(() => testKey.pendra()) }),
      () => createAuth(pensyve, { client: { clientId: 'page', clientSecret: testKey.token() } }),
    ],
    invalid_option: [
      () => createAuth(pensyve, { storage: {} as never }),
      () => {
        const auth = createAuth(pensyve, { redirectUri: 'https://evil.example/cb', storage: memoryStore() })
        return onPage('https://notes.example/', { isSecureContext: true }, auth.signIn)
      },
      () => {
        const auth = createAuth(pensyve, { redirectUri: 'https://', storage: memoryStore() })
        return onPage('https://notes.example/', {}, auth.finishSignIn)
      },
    ],
    insecure_context: [
      () => make().signIn(),
      () => {
        const auth = make()
        return onPage('http://notes.example/', { isSecureContext: false }, auth.signIn)
      },
    ],
    sign_in_response_invalid: [
      () => {
        const auth = make()
        const callback = `https://notes.example/callback?code=${testKey.token()}&state=x`
        return onPage('https://notes.example/', { window: {}, top: {} }, () => auth.finishSignIn(callback))
      },
    ],
  }
}
