import { memoryStore, PentauthError, type Service, startSignIn } from '@pentauth/core'
import { mcpService } from '@pentauth/mcp'
import type { FoundServer } from './ask-server.ts'
import { clientFetch } from './client-fetch.ts'
import type { Verdict } from './report.ts'
import type { Visit } from './visit.ts'

/** Step 6: what a Pentauth client makes of it, by letting one try as far as it goes without registering or a person. */
export async function askClient(visit: Visit, server: FoundServer | undefined, redirectUri: string): Promise<void> {
  visit.begin('client')
  const wouldRegister =
    visit.adapter.client === undefined && (!server || server.endpoints.registration_endpoint !== undefined)
  const tried = (service: Service) =>
    startSignIn(service, {
      store: memoryStore(),
      resource: visit.resource.name,
      redirectUri,
      runtime: { fetch: clientFetch(visit) },
      // In place of the client that it would register.
      ...(wouldRegister ? { client: { clientId: 'pentauth-doctor' } } : {}),
    })
  try {
    const { url } = await tried(visit.service)
    const detail = `It sends people to ${url.origin}${url.pathname}, with ${[...url.searchParams.keys()].join(', ')}.`
    visit.judge([{ id: 'client.signs_in', met: true, detail }])
  } catch (error) {
    if (!PentauthError.isInstance(error) || error.code === 'invalid_option') throw error
    const helps = !server && (await legacyHelps(visit, tried))
    visit.judge([refusalOf(error, helps)])
  }
}

function refusalOf({ code, message, hint }: PentauthError, legacyHelps: boolean): Verdict {
  const reason = hint === undefined ? message : message.replace(hint, '').trim()
  const verdict = { id: 'client.signs_in', met: false, detail: `It refuses (${code}): ${reason}` } as const
  if (code === 'registration_failed') return { ...verdict, severity: 'warning', hint: hints.client }
  if (legacyHelps) return { ...verdict, hint: hints.legacy }
  return { ...verdict, hint: /PKCE/.test(message) ? hints.pkce : hint }
}

const hints = {
  client:
    'Give it a client: --client-id <id> of one made by hand, or --client-metadata <url> where the server takes metadata documents.',
  legacy: 'There is something at /authorize of the origin: try --legacy-endpoints, for servers of the first revision.',
  pkce: 'Have the server list S256 in code_challenge_methods_supported. In a program of your own, startSignIn takes dangerouslyAllowMissingPkceMetadata at your risk.',
}

/** Whether there is something where servers of the first revision signed people in, and a client would go there. */
async function legacyHelps(visit: Visit, tried: (service: Service) => Promise<unknown>): Promise<boolean> {
  const { url, protocol } = visit.resource
  if (protocol !== 'mcp' || visit.service.oauth?.authorizationEndpoint) return false
  const works = await tried(mcpService(url, { legacyEndpoints: true })).then(
    () => true,
    () => false,
  )
  if (!works) return false
  const { status = 404 } = await visit.ask({
    url: `${new URL(url).origin}/authorize`,
    note: 'as in the first revision',
  })
  return status < 500 && ![404, 405, 410].includes(status)
}
