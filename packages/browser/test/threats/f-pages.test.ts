import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { packageScript, person, type Seen, type Site, site } from './support/site.ts'

// F in a page, where the browser follows redirects by itself and hides where they lead.

const secret = testKey.token('page')
const body = JSON.stringify({ secret: testKey.token('body') })
const statuses = [301, 302, 303, 307, 308]
const headers = ['authorization', 'x-api-key'] as const

type Header = (typeof headers)[number]
type Kind = 'ours' | 'bare'

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, x-api-key, content-type',
  'access-control-allow-methods': 'GET, POST',
}

interface World {
  readonly home: Site
  readonly abroad: Site
  /** Asks the page to send a request; resolves with its status or the name of its failure. */
  send(kind: Kind, header: Header, url: string, init?: RequestInit): Promise<string>
}

async function open(): Promise<World> {
  const code = await packageScript()
  const abroad = await site(() => ({ headers: cors, body: 'abroad' }))
  const home = await site(({ method, path }) => {
    const status = Number(/\/v1\/(\d+)/.exec(path)?.[1] ?? 200)
    const location = `${abroad.origin}/v1/target`
    return {
      headers: { ...cors, ...(status < 400 && status > 300 ? { location } : {}) },
      status: method === 'OPTIONS' ? 204 : status,
    }
  })
  const app = await site(({ path }) =>
    path === '/app.js'
      ? { headers: { 'content-type': 'text/javascript' }, body: code }
      : {
          headers: { 'content-type': 'text/html' },
          body: '<!doctype html><script type="module" src="/app.js"></script>',
        },
  )
  const page = await (await person()).newPage()
  await page.goto(app.origin)
  const send: World['send'] = (kind, header, url, init = {}) =>
    page.evaluate(
      async ({ kind, header, url, init, origin, secret }) => {
        // biome-ignore lint/suspicious/noExplicitAny: of the page.
        const { createAuth, apiKey, defineService, memoryStore } = (globalThis as any).pentauth
        const bare = (address: string, given: RequestInit) =>
          fetch(new URL(address, `${origin}/v1/`), {
            ...given,
            headers: {
              ...(given.headers as object),
              [header]: header === 'authorization' ? `Bearer ${secret}` : secret,
            },
          })
        const links = { docs: { where: 'nowhere' } }
        const about = { id: 'local', name: 'Local', errors: [], recommendations: [], links }
        const resources = { rest: { url: `${origin}/v1`, protocol: 'rest', apiKey: [header] } }
        const key = { env: 'LOCAL_API_KEY', rotation: { method: 'replace' } }
        const service = defineService({ ...about, resources, apiKey: key })
        const options = { credential: apiKey(secret), dangerouslyExposeApiKey: true, storage: memoryStore() }
        const auth = createAuth(service, options)
        try {
          const response = await (kind === 'ours' ? auth.fetch : bare)(url, init)
          return String(response.status)
        } catch (error) {
          const { name, code } = error as { name: string; code?: string }
          return code ?? name
        } finally {
          auth.dispose()
        }
      },
      { kind, header, url, init, origin: home.origin, secret },
    )
  return { home, abroad, send }
}

/**
 * Of what goes abroad: a page cannot see a redirect, and `fetch` repeats the body of a POST by 307 and 308, as it would without us.
 * Where the key is in `x-api-key`, which the browser would take along, no redirect is followed at all.
 */
const isKnown = (what: string) => /^30[78] authorization POST$/.test(what)
const carriesCredential = ({ path, headers: sent }: Seen) => hasMarker(`${path} ${JSON.stringify(sent)}`)

const carries = ({ path, headers: sent, body: said }: Seen) => hasMarker(`${path} ${JSON.stringify(sent)} ${said}`)

threat('F1', 'a service redirects a page to another origin', {
  ours: 'ours',
  twin: 'bare',
  attack: async (kind: Kind) => {
    const { home, abroad, send } = await open()
    const walks: {
      readonly what: string
      readonly atHome: boolean
      readonly abroad: boolean
      readonly outcome: string
    }[] = []
    for (const header of headers)
      for (const status of statuses)
        for (const method of ['GET', 'POST']) {
          home.seen.length = 0
          abroad.seen.length = 0
          const init = method === 'POST' ? { method, body } : { method }
          const outcome = await send(kind, header, `${home.origin}/v1/${status}`, init)
          const what = `${status} ${header} ${method}`
          walks.push({
            what,
            atHome: home.seen.some(carries),
            abroad: abroad.seen.some(isKnown(what) ? carriesCredential : carries),
            outcome,
          })
        }
    return walks
  },
  breaches: (walks) => [
    ...(walks.length === 20 ? [] : [`${walks.length} redirects`]),
    ...walks.flatMap(({ what, atHome, abroad, outcome }) => [
      // Otherwise there was nothing to leak.
      ...(atHome ? [] : [`${what}: home got no credential`]),
      ...(abroad ? [`${what}: something secret abroad`] : []),
      ...(what.includes('x-api-key') && outcome === '200' ? [`${what}: was followed`] : []),
    ]),
  ],
})

threat('F2', 'an address in a page leads elsewhere than it looks', {
  ours: 'ours',
  twin: 'bare',
  attack: async (kind: Kind) => {
    const { home, abroad, send } = await open()
    const { host } = new URL(abroad.origin)
    const addresses = [
      abroad.origin,
      `//${host}/v1`,
      `/\\${host}/v1`,
      `\\\\${host}/v1`,
      `http:\\\\${host}/v1`,
      `\t//${host}/v1`,
    ]
    addresses.push(
      `${home.origin}@${host}/v1`,
      `http://user:pw@${host}/v1`,
      `${home.origin}/v1/../admin`,
      '/v1',
      'v1',
      '',
    )
    addresses.push(
      `${home.origin}/v1/..%2fadmin`,
      `${home.origin}/v10`,
      `blob:${home.origin}/v1`,
      'javascript:alert(1)',
      'data:,v1',
    )
    const outcomes: string[] = []
    for (const address of addresses) outcomes.push(await send(kind, 'authorization', address))
    return { outcomes, home: home.seen, abroad: abroad.seen }
  },
  breaches: ({ outcomes, home, abroad }) => [
    ...outcomes.filter((code) => !/^(?:url_not_covered|invalid_url)$/.test(code)).map((code) => `ended with ${code}`),
    ...abroad.filter(carries).map(({ path }) => `a credential abroad, at ${path}`),
    ...home
      .filter((request) => carries(request) && !/^\/v1(?:\/|$)/.test(request.path))
      .map(({ path }) => `a credential at ${path}`),
  ],
})

threat('F6', 'a page sets credentials of its own', {
  ours: 'ours',
  twin: 'bare',
  attack: async (kind: Kind) => {
    const { home, send } = await open()
    const found: { readonly header: Header; readonly request: Seen | undefined }[] = []
    for (const header of headers) {
      home.seen.length = 0
      const own = {
        authorization: 'Bearer of-the-caller',
        'x-api-key': 'of-the-caller',
        'content-type': 'application/json',
      }
      await send(kind, header, `${home.origin}/v1/models`, { headers: own })
      found.push({ header, request: home.seen.find(({ method }) => method === 'GET') })
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ header, request }) => {
      const both = headers.filter((name) => request?.headers[name] !== undefined)
      return [
        ...(both.length === 1 && both[0] === header ? [] : [`${header}: ${both.join(' and ') || 'nothing'} arrived`]),
        ...(JSON.stringify(request?.headers)?.includes('of-the-caller') ? [`${header}: the caller's own arrived`] : []),
        ...(request?.headers['content-type'] === 'application/json' ? [] : [`${header}: another header was lost`]),
      ]
    }),
})
