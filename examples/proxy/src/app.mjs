// The app: a page, a login, and the proxy. The key of Pendra is in here and goes to Pendra only.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProxy } from '@pentauth/node'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const page = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8')

/**
 * @param {import('@pentauth/node').Auth} auth
 * @param {(event: import('@pentauth/node').ProxyEvent) => void} onEvent
 */
export function createApp(auth, onEvent) {
  /** Who is logged in, by session. @type {Map<string, string>} */
  const sessions = new Map()
  const proxy = createProxy(auth, {
    resource: 'rest',
    prefix: '/api/pendra',
    allow: ['POST /chat/completions', 'GET /models'],
    authorize: (request) => sessions.get(sessionIn(request)),
    onEvent,
  })

  const app = new Hono()
  app.get('/', (c) => {
    c.header('content-security-policy', "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'")
    return c.html(page)
  })
  app.post('/login', async (c) => {
    // A real app asks for a password here, or sends people to sign in elsewhere.
    const session = randomUUID()
    sessions.set(session, 'ada')
    setCookie(c, 'session', session, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return c.json({ hello: 'ada' })
  })
  app.post('/logout', (c) => {
    sessions.delete(getCookie(c, 'session') ?? '')
    deleteCookie(c, 'session')
    return c.body(null, 204)
  })
  app.all('/api/pendra/*', (c) => proxy(c.req.raw))
  return app
}

/** @param {Request} request */
function sessionIn({ headers }) {
  const [, session = ''] = /(?:^|;\s*)session=([\w-]+)/.exec(headers.get('cookie') ?? '') ?? []
  return session
}
