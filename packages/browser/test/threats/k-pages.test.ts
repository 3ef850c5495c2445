import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { threat } from '@pentauth/tooling/threat'
import type { BrowserContext, Page } from 'playwright'
import { expect, onTestFinished } from 'vitest'
import { packageScript, person, type Site, script, site } from './support/site.ts'

// K5 and K7: a real page that is left, brought back, reloaded and opened twice, with another's script on it and a strict policy.

type Kind = 'ours' | 'naive'

/** Shared by all pages of the site; what is kept where is the business of other tests. */
const store = `{
  name: 'localStorage',
  get: async (key) => localStorage.getItem(key) ?? undefined,
  set: async (key, value) => localStorage.setItem(key, value),
  delete: async (key) => localStorage.removeItem(key),
  keys: async (prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix)),
  withLock: (name, run) => navigator.locks.request(name, run),
  // What another process wrote is not always there when its message is.
  watch(listener) {
    const hear = ({ key }) => key && listener(key)
    addEventListener('storage', hear)
    return () => removeEventListener('storage', hear)
  },
}`

const ours = (origins: object) => `
  const { createAuth, pensyve, relocate } = globalThis.pentauth
  const auth = createAuth(relocate(pensyve, ${JSON.stringify(origins)}), {
    redirectUri: '/callback', client: { name: 'Notes' }, storage: ${store},
  })
  const draw = () => { document.body.dataset.status = auth.session.status }
  auth.subscribe(draw)
  draw()
  globalThis.app = { signIn: () => auth.signIn({ returnTo: '/notes' }), signOut: auth.signOut }
  auth.finishSignIn().then((done) => { document.body.dataset.done = done ? 'signed in' : 'nothing' }, (error) => {
    document.body.dataset.done = error.code
  })`

/** As it is written in an afternoon: the code is sent first, and the address cleaned never; each tab knows what it saw. */
const naive = (origins: Readonly<Record<string, string>>) => `
  const server = ${JSON.stringify(origins['https://mcp.pensyve.com'])}
  const authorize = ${JSON.stringify(`${origins['https://pensyve.com']}/oauth/authorize`)}
  const redirect_uri = location.origin + '/callback'
  const verifier = 'a'.repeat(43)
  const draw = () => { document.body.dataset.status = localStorage.token ? 'signed_in' : 'signed_out' }
  draw()
  const post = (path, body, headers = {}) => fetch(server + path, { method: 'POST', body, headers }).then((said) => said.json())
  globalThis.app = {
    async signIn() {
      const about = { client_name: 'Notes', redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' }
      const made = await post('/oauth/register', JSON.stringify(about), { 'content-type': 'application/json' })
      localStorage.client = made.client_id
      const asked = { response_type: 'code', client_id: made.client_id, redirect_uri, state: 'same', scope: 'mcp' }
      const challenge = { code_challenge: 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA', code_challenge_method: 'S256' }
      location.assign(authorize + '?' + new URLSearchParams({ ...asked, ...challenge, resource: server + '/mcp' }))
    },
    async signOut() { delete localStorage.token; draw() },
  }
  const code = new URLSearchParams(location.search).get('code')
  if (code) {
    const form = { grant_type: 'authorization_code', code, redirect_uri, client_id: localStorage.client, code_verifier: verifier }
    post('/oauth/token', new URLSearchParams(form)).then(({ access_token }) => {
      if (access_token) localStorage.token = access_token
      document.body.dataset.done = access_token ? 'signed in' : 'failed'
      draw()
    })
  } else document.body.dataset.done = 'nothing'`

/** What a counter or a chat that somebody else wrote gets to know of the page. */
const stranger = `
  globalThis.stranger = { href: location.href, referrer: document.referrer, history: JSON.stringify(history.state) }
  new Image().src = ${JSON.stringify('ELSEWHERE')} + '/pixel?at=' + encodeURIComponent(location.href)`

interface World {
  readonly app: Site
  readonly elsewhere: Site
  readonly context: BrowserContext
  readonly open: (path: string) => Promise<Page>
  /** Complaints of the browser about the site's policy. */
  readonly complaints: string[]
  readonly signIn: (page: Page) => Promise<URL>
  readonly exchanges: () => number
}

async function openWorld(kind: Kind): Promise<World> {
  const sandbox = createSandbox()
  let asked = 0
  const server = await listen({
    ...sandbox,
    async fetch(input, init) {
      const request = new Request(input, init)
      if (request.method === 'POST' && request.url.endsWith('/oauth/token')) asked += 1
      return sandbox.fetch(request, init?.origins ? { origins: init.origins } : undefined)
    },
  })
  onTestFinished(() => server.close())
  const elsewhere = await site(() => ({
    headers: { 'content-type': 'image/svg+xml' },
    body: '<svg xmlns="http://www.w3.org/2000/svg"/>',
  }))
  const files: Readonly<Record<string, string>> = {
    '/pentauth.js': await packageScript(),
    '/app.js': await script((kind === 'ours' ? ours : naive)(server.origins)),
    '/stranger.js': await script(stranger.replace('ELSEWHERE', elsewhere.origin)),
  }
  const connect = Object.values(server.origins).join(' ')
  const policy = `default-src 'none'; script-src 'self'; connect-src ${connect}; img-src 'self' ${elsewhere.origin}; frame-ancestors 'none'`
  const scripts = Object.keys(files).map((src) => `<script type="module" src="${src}"></script>`)
  const html = `<!doctype html><html><head>${scripts.join('')}</head><body></body></html>`
  const app = await site(({ path }) => {
    const body = files[path.split('?')[0] ?? '']
    if (body) return { headers: { 'content-type': 'text/javascript' }, body }
    return { headers: { 'content-type': 'text/html', 'content-security-policy': policy }, body: html }
  })
  const context = await person()
  const complaints: string[] = []
  const open = async (path: string) => {
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    page.on(
      'console',
      (message) => void (/Content Security Policy|Refused to/.test(message.text()) && complaints.push(message.text())),
    )
    await page.goto(app.origin + path)
    return page
  }
  const signIn = async (page: Page) => {
    await page.evaluate('void app.signIn()')
    await page.waitForURL(/oauth\/authorize/)
    const callback = await signInAt(fetch, page.url())
    await page.goto(callback.href)
    await done(page)
    return callback
  }
  return { app, elsewhere, context, open, complaints, signIn, exchanges: () => asked }
}

const done = (page: Page) => page.waitForSelector('body[data-done]', { state: 'attached' })
/** Of a page that is brought back as it was nothing is loaded. */
const brought = { waitUntil: 'commit' } as const
const shown = (page: Page) => page.evaluate<string>('document.body.dataset.status')
/** What a page shows as soon as that is expected, or after all patience: a busy machine is slow, and what is lost stays lost. */
async function shows(page: Page, status: string): Promise<string> {
  await expect
    .poll(() => shown(page), { timeout: 8_000 })
    .toBe(status)
    .catch(() => undefined)
  return shown(page)
}

interface Outcome {
  readonly what: string
  readonly is: unknown
  readonly expected: unknown
}
const differences = (outcomes: readonly Outcome[]) =>
  outcomes
    .filter(({ is, expected }) => is !== expected)
    .map(({ what, is, expected }) => `${what}: ${is}, not ${expected}`)

threat('K5', 'a page that finished a sign-in is reloaded, left and brought back', {
  ours: 'ours' as Kind,
  twin: 'naive' as Kind,
  attack: async (kind): Promise<readonly Outcome[]> => {
    const { open, signIn, exchanges, app } = await openWorld(kind)
    const page = await open('/')
    const callback = await signIn(page)
    const outcomes: Outcome[] = [
      { what: 'after the callback', is: await shows(page, 'signed_in'), expected: 'signed_in' },
    ]
    const steps: Record<string, () => Promise<unknown>> = {
      reload: () => page.reload(),
      elsewhere: () => page.goto(`${app.origin}/notes`),
      back: () => page.goBack(brought),
      forward: () => page.goForward(brought),
      'back again': () => page.goBack(brought),
      'the callback once more, from the history of the browser': () => page.goto(callback.href),
    }
    for (const [what, step] of Object.entries(steps)) {
      await step()
      await done(page)
      outcomes.push({ what: `status after ${what}`, is: await shows(page, 'signed_in'), expected: 'signed_in' })
      outcomes.push({ what: `code in the address after ${what}`, is: page.url().includes('code='), expected: false })
    }
    return [...outcomes, { what: 'token requests', is: exchanges(), expected: 1 }]
  },
  breaches: differences,
})

threat('K5', 'somebody signs out while other tabs are open, and one is kept aside', {
  ours: 'ours' as Kind,
  twin: 'naive' as Kind,
  attack: async (kind): Promise<readonly Outcome[]> => {
    const { open, signIn } = await openWorld(kind)
    const mine = await open('/')
    const other = await open('/notes')
    const aside = await open('/aside')
    await signIn(mine)
    const outcomes: Outcome[] = []
    for (const [what, page] of Object.entries({ mine, other, aside }))
      outcomes.push({ what: `${what}, signed in`, is: await shows(page, 'signed_in'), expected: 'signed_in' })
    await aside.evaluate(`addEventListener('pageshow', ({ persisted }) => { document.body.dataset.kept = persisted })`)
    await aside.goto('about:blank')
    await mine.evaluate('app.signOut()')
    for (const [what, page] of Object.entries({ mine, other }))
      outcomes.push({ what: `${what}, signed out`, is: await shows(page, 'signed_out'), expected: 'signed_out' })
    await aside.goBack(brought)
    outcomes.push({ what: 'aside, brought back', is: await shows(aside, 'signed_out'), expected: 'signed_out' })
    // Otherwise the page was only loaded anew.
    if (kind === 'ours')
      outcomes.push({
        what: 'kept as it was',
        is: await aside.evaluate('document.body.dataset.kept'),
        expected: 'true',
      })
    return outcomes
  },
  breaches: differences,
})

threat('K7', 'a strict policy, and somebody else’s script on the callback page', {
  ours: 'ours' as Kind,
  twin: 'naive' as Kind,
  attack: async (kind) => {
    const { open, signIn, elsewhere, app, complaints } = await openWorld(kind)
    const page = await open('/')
    const callback = await signIn(page)
    const status = await shows(page, 'signed_in')
    const told = JSON.stringify(await page.evaluate('globalThis.stranger'))
    await expect.poll(() => elsewhere.seen.some(({ path }) => path.includes('callback'))).toBe(true)
    const abroad = elsewhere.seen
      .map(({ path, headers }) => decodeURIComponent(path) + JSON.stringify(headers))
      .join('\n')
    await page.goto(`${app.origin}/notes`)
    const [code = '', state = ''] = ['code', 'state'].map((name) => callback.searchParams.get(name) ?? '')
    const next = JSON.stringify(app.seen.filter(({ path }) => path === '/notes').at(-1)?.headers)
    return { status, complaints, places: { told, abroad, next }, secrets: { code, state } }
  },
  breaches: ({ status, complaints, places, secrets }) => [
    ...(status === 'signed_in' ? [] : [`the page is ${status}`]),
    ...complaints.map((text) => `the browser refused something: ${text.slice(0, 100)}`),
    ...Object.entries(places).flatMap(([place, text]) =>
      Object.entries(secrets)
        .filter(([, value]) => value !== '' && text.includes(value))
        .map(([name]) => `${name} in ${place}`),
    ),
  ],
})
