import type { Clock } from '../clock.ts'
import { markedSecret, randomHex } from '../secrets.ts'

const formLifetime = 10 * 60 * 1000

/** A browser that was here before, by its cookie. */
export interface BrowserSession {
  readonly id: string
  /** Who is signed in. */
  readonly account?: string | undefined
}

/** What a form was made for: where it goes on, and in which browser. */
interface FormNote {
  readonly session: string
  readonly purpose: string
  readonly detail: string
  readonly expiresAt: number
}

/** The browsers of one authorization server: who is signed in, and which forms they were shown. */
export interface BrowserSessions {
  /** The session of a request, or a new one. */
  of(request: Request): BrowserSession
  /** The same browser with another account, or none; under a new id, so that an id known before is worth nothing. */
  signedIn(session: BrowserSession, account: string | undefined): BrowserSession
  cookieOf(session: BrowserSession, secure: boolean): string
  /** A token for one form; `detail` comes back when the form is sent. */
  form(session: BrowserSession, purpose: string, detail: string): string
  /** What the form was for, once, and only in the browser that was shown it. */
  take(session: BrowserSession, purpose: string, token: string | undefined): string | undefined
}

/** Makes the sessions of one authorization server. A cookie counts for all ports of a host, so each service has its own. */
export function createBrowserSessions(name: string, clock: Clock): BrowserSessions {
  const cookie = `${name}_session`
  const sessions = new Map<string, BrowserSession>()
  const forms = new Map<string, FormNote>()
  const open = (account?: string): BrowserSession => {
    const session = { id: markedSecret('bs_', randomHex(64)), account }
    sessions.set(session.id, session)
    return session
  }
  return {
    of(request) {
      const pairs = (request.headers.get('cookie') ?? '').split(/; */).map((pair) => pair.split('='))
      const id = pairs.find(([key]) => key === cookie)?.[1]
      return sessions.get(id ?? '') ?? open()
    },
    signedIn(session, account) {
      sessions.delete(session.id)
      return open(account)
    },
    cookieOf: ({ id }, secure) => `${cookie}=${id}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
    form(session, purpose, detail) {
      const token = markedSecret('ft_', randomHex(64))
      forms.set(token, { session: session.id, purpose, detail, expiresAt: clock.now() + formLifetime })
      return token
    },
    take(session, purpose, token = '') {
      const note = forms.get(token)
      if (note === undefined || note.session !== session.id || note.purpose !== purpose) return undefined
      forms.delete(token)
      return clock.now() < note.expiresAt ? note.detail : undefined
    },
  }
}
