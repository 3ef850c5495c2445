import { type BrowserSession, createBrowserSessions } from '../authorization-server/browser-session.ts'
import { placeOf } from '../authorization-server/configuration.ts'
import type { Html } from '../authorization-server/html.ts'
import { createSignIn, type Entrance } from '../authorization-server/sign-in.ts'
import type { ServiceFacts } from '../facts.ts'
import type { Exchange, Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { createFlashes, type Outcome } from './flash.ts'
import { type Form, formsOf } from './form.ts'
import { consolePage } from './frame.ts'
import { type Problem, problemOf, problemPage, staleProblem } from './problem.ts'

/** What a person sent, and who it was. */
export interface Sent {
  readonly account: string
  /** What the form was about. */
  readonly id: string
  readonly fields: URLSearchParams
}

/** The console of one service. */
export interface ConsoleDefinition {
  readonly facts: Pick<ServiceFacts, 'name' | 'title' | 'keysPage'>
  readonly heading: string
  /** The sections by name, with the address of each. */
  readonly menu: Readonly<Record<string, string>>
  content(account: string, form: Form): Html
  /** What its forms do, by the name they have in the address; errors of the stores are turned into words. */
  readonly actions: Readonly<Record<string, (sent: Sent) => Outcome | Problem>>
}

/**
 * The operations of a console: one page, and one address for each form, which leads back to the page. Without an entrance
 * of the service's own, the console has the sign-in.
 */
export function createConsole(
  state: SandboxState,
  definition: ConsoleDefinition,
  entrance?: Entrance,
): readonly Operation[] {
  const { accounts, clock } = state
  const { facts, heading, menu } = definition
  const { name: service, title } = facts
  const { url } = facts.keysPage
  const { origin, path } = placeOf(url)
  const { sessions, signIn } = entrance ?? ownEntrance(state, definition)
  const flashes = createFlashes(clock)

  const show = (exchange: Exchange): Response => {
    const session = sessions.of(exchange.request)
    const { account } = session
    if (account === undefined) return signIn.page(exchange, session, path)
    const form = formsOf(path, sessions.form(session, 'console', account))
    const outcome = flashes.take(session)
    const content = definition.content(account, form)
    return consolePage({ title, heading, path, menu, person: accounts.get(service, account), outcome, form, content })
  }

  /** Reads a form that this browser was shown, once, and lets it do its work for the person who was shown it. */
  const answering =
    (act: (exchange: Exchange, session: BrowserSession, sent: Sent) => Response) =>
    async (exchange: Exchange): Promise<Response> => {
      const session = sessions.of(exchange.request)
      const fields = new URLSearchParams(await exchange.request.text())
      const account = sessions.take(session, 'console', fields.get('form') ?? undefined)
      if (account === undefined) return problemPage(title, staleProblem, path)
      return act(exchange, session, { account, id: fields.get('id') ?? '', fields })
    }

  const actions = Object.entries(definition.actions).map(
    ([name, act]): Operation => ({
      name: `console_${name.replaceAll('-', '_')}`,
      method: 'POST',
      origin,
      path: `${path}/${name}`,
      answer: answering((_, session, sent) => {
        const outcome = attempt(act, sent)
        if ('status' in outcome) return problemPage(title, outcome, path)
        flashes.put(session, outcome)
        return backTo(path)
      }),
    }),
  )

  return [
    { name: 'console', method: 'GET', origin, path, answer: show },
    ...actions,
    {
      name: 'console_switch',
      method: 'POST',
      origin,
      path: `${path}/switch`,
      answer: answering((exchange, session) =>
        backTo(path, signIn.cookieFor(exchange, sessions.signedIn(session, undefined))),
      ),
    },
    ...(entrance === undefined ? signIn.operations : []),
  ]
}

function ownEntrance({ accounts, clock }: SandboxState, { facts }: ConsoleDefinition): Entrance {
  const { name: service, title } = facts
  const sessions = createBrowserSessions(service, clock)
  return {
    sessions,
    signIn: createSignIn({ service, title, url: facts.keysPage.url, signIn: 'plain' }, accounts, sessions),
  }
}

function attempt(act: (sent: Sent) => Outcome | Problem, sent: Sent): Outcome | Problem {
  try {
    return act(sent)
  } catch (error) {
    return problemOf(error)
  }
}

// 303: a reload then asks for the page again, and sends no form.
function backTo(path: string, cookie?: string): Response {
  const headers = new Headers({ location: path, 'cache-control': 'no-store' })
  if (cookie !== undefined) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
