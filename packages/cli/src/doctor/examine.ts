import type { Service } from '@pentauth/core'
import { askAuthorization } from './ask-authorization.ts'
import { askChallenge } from './ask-challenge.ts'
import { askClient } from './ask-client.ts'
import { askPages } from './ask-pages.ts'
import { askRegistration } from './ask-registration.ts'
import { askResource } from './ask-resource.ts'
import { askServer, askTokenEndpoint } from './ask-server.ts'
import { askToken, type TokenOptions } from './ask-token.ts'
import { judgeScheme } from './judge-challenge.ts'
import type { Report } from './report.ts'
import { createVisit, unaskedReport, type VisitOptions } from './visit.ts'

export interface ExamineOptions extends VisitOptions {
  /** The origin of the page that the questions about CORS are asked for. */
  readonly page: string
  /** Where a client of this machine is called back at. */
  readonly redirectUri: string
  readonly register: boolean
  readonly signIn: boolean
  readonly scope?: string | undefined
  readonly present?: TokenOptions['present']
}

/** Examines a server as a client meets it, one step after the other. */
export async function examine(service: Service, url: string, options: ExamineOptions): Promise<Report> {
  const { page, redirectUri, register, signIn } = options
  const visit = createVisit(service, url, options)
  const why = withoutSignIn(service, visit.resource.accessToken)
  const greeting = await askChallenge(visit, why === undefined)
  if (!greeting.isReached) return visit.report()
  if (why !== undefined) {
    visit.note(why, 'resource')
    return visit.report()
  }
  const resource = await askResource(visit, greeting)
  if (greeting.isOpen && !resource.document && !resource.issuer) {
    visit.note('It lets everybody in and names nobody who gives tokens: there is nothing to sign in for.', 'server')
    return visit.report()
  }
  const server = await askServer(visit, resource)
  const token = server && (await askTokenEndpoint(visit, server, page))
  await askPages(visit, { page, resource, server, token })
  await askClient(visit, server, redirectUri)
  if (!server) return visit.report()

  const client = await askRegistration(visit, server, { register: register || signIn, redirectUri })
  try {
    if (client) await askAuthorization(visit, client, redirectUri)
    else visit.note('Not asked: that takes a client. --client-id names one, --register makes one.', 'authorization')
    if (signIn) await askToken(visit, server, client, options)
    else visit.note('Not tried: --sign-in asks you to sign in, keeps nothing, and revokes what it got.', 'token')
  } finally {
    await client?.remove()
  }
  return visit.report()
}

/** The report of an address that no token, and no question of ours, may travel to. */
export function plainHttpReport(address: string): Report | undefined {
  if (!/^http:/i.test(address) || !URL.canParse(address)) return undefined
  const verdict = judgeScheme(address)
  return verdict.met ? undefined : unaskedReport(address, verdict)
}

function withoutSignIn({ name, oauth }: Service, takesTokens = false): string | undefined {
  if (!takesTokens) return `${name} takes API keys here and no tokens: nobody signs in.`
  if (!oauth || oauth.grants.includes('authorization_code')) return undefined
  return `${name} gives tokens to programs (${oauth.grants.join(', ')}): nobody signs in.`
}
