// The public contract of @pentauth/browser: this file is compiled, not run. A change that breaks it breaks users.
import {
  apiKey,
  type BrowserAuth,
  type BrowserAuthOptions,
  createAuth,
  type FinishedCallback,
  memoryStore,
  type PentauthEvent,
  parseChallenge,
  pendra,
  pensyve,
  type SessionSnapshot,
  type SignInOptions,
  type SignInResult,
  type Store,
} from '@pentauth/browser'

export async function signsIn(events: PentauthEvent[]): Promise<Response | undefined> {
  const storage: Store = memoryStore()
  const options: BrowserAuthOptions = {
    redirectUri: '/callback',
    clientId: 'notes',
    client: { name: 'Notes', uri: 'https://notes.example' },
    storage,
    account: 'work',
    app: 'notes',
    resource: 'rest',
    issuer: 'https://mcp.pensyve.com',
    scope: 'mcp',
    runtime: { now: () => 0 },
    onEvent: (event) => void events.push(event),
  }
  const auth: BrowserAuth<'rest' | 'mcp'> = createAuth(pensyve, options)
  const back: FinishedCallback | undefined = await auth.finishSignIn()
  await auth.finishSignIn(new URL('https://notes.example/callback?code=a&state=b'))
  if (back) console.log(back.account, back.scopes?.join(), back.expiresAt, back.returnTo.length)
  const wishes: SignInOptions = {
    scope: 'mcp:write',
    returnTo: new URL('https://notes.example/notes'),
    popup: true,
    account: 'home',
    challenge: parseChallenge('Bearer scope="mcp:write"'),
  }
  const result: SignInResult = await auth.signIn(wishes)
  switch (result.outcome) {
    case 'redirecting':
    case 'closed':
      return undefined
    case 'signed_in':
      console.log(result.account, result.scopes?.join(), result.expiresAt, result.returnTo)
  }
  const response: Response = await auth.fetch(`${auth.service.resources.rest.url}/account`)
  await auth.signOut()
  auth.dispose()
  return response
}

/** What a store of a component framework wants, and a page shows. */
export function shows(auth: BrowserAuth): string {
  const draw = () => undefined
  const stop: () => void = auth.subscribe(draw)
  stop()
  const { status, account, scopes, expiresAt }: SessionSnapshot = auth.session
  const words: Record<SessionSnapshot['status'], string> = {
    loading: '…',
    signed_out: 'Sign in',
    signed_in: `${account}: ${scopes?.join()}, until ${expiresAt}`,
    ended: 'Sign in again',
  }
  return words[status]
}

/** The opt-in has a name that says the risk. */
export function exposed(key: string): BrowserAuth {
  return createAuth(pendra, { credential: apiKey(key), dangerouslyExposeApiKey: true })
}
