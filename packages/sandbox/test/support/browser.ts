import type { Sandbox } from '../../src/index.ts'

/** One page as a browser shows it. */
export interface Shown {
  readonly status: number
  readonly url: URL
  readonly text: string
  readonly headers: Headers
  readonly heading: string
  readonly inputs: Readonly<Record<string, string>>
  readonly action: string
}

/** A browser with cookies and without scripts: it goes to addresses and sends forms, and follows redirects it is told to. */
export function createBrowser(sandbox: Pick<Sandbox, 'fetch'>): {
  goto(url: string | URL): Promise<Shown>
  /** Sends the page's form with these fields beside its hidden ones, as often as asked. */
  send(page: Shown, fields?: Record<string, string>, cookies?: boolean): Promise<Shown>
} {
  const cookies = new Map<string, string>()
  const load = async (url: URL, init: RequestInit, withCookies = true): Promise<Shown> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers: Record<string, string> = withCookies && cookie !== '' ? { cookie } : {}
    const response = await sandbox.fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const text = await response.text()
    const inputs = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]+)">/g)]
    return {
      status: response.status,
      url,
      text,
      headers: response.headers,
      heading: /<h1>([^<]*)/.exec(text)?.[1] ?? '',
      inputs: Object.fromEntries(inputs.map(([, name, value]) => [name, value])),
      action: /<form[^>]* action="([^"]+)"/.exec(text)?.[1] ?? '',
    }
  }
  return {
    goto: (url) => load(new URL(url), {}),
    send: async (page, fields = {}, withCookies = true) => {
      const body = new URLSearchParams({ ...page.inputs, ...fields })
      const answer = await load(new URL(page.action, page.url), { method: 'POST', body }, withCookies)
      const location = answer.headers.get('location')
      const next = location === null ? undefined : new URL(location, page.url)
      return next?.origin === page.url.origin ? load(next, {}) : answer
    },
  }
}
