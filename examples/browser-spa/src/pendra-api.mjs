// The server's part: a login, and the proxy. The key of Pendra is in here and goes to Pendra only.
import { randomUUID } from 'node:crypto'
import { createProxy } from '@pentauth/node'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { parse } from 'hono/utils/cookie'

/** @param {import('@pentauth/node').Auth} auth */
export function createApi(auth) {
  const sessions = new Set()
  const app = new Hono()
  // A real app asks who that is; this one has a single person, and takes their word for it.
  app.post('/api/login', (c) => {
    const session = randomUUID()
    sessions.add(session)
    setCookie(c, 'spa-session', session, { httpOnly: true, sameSite: 'Strict', path: '/api' })
    return c.body(null, 204)
  })
  const proxy = createProxy(auth, {
    resource: 'rest',
    prefix: '/api/pendra',
    allow: ['POST /chat/completions'],
    authorize: ({ headers }) => sessions.has(parse(headers.get('cookie') ?? '')['spa-session']),
  })
  app.all('/api/pendra/*', (c) => proxy(c.req.raw))
  return app
}
