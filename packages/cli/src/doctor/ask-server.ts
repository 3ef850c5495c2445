import type { FoundResource } from './ask-resource.ts'
import type { Answer } from './asker.ts'
import { answered, type Document, documentIn, textIn, troubleIn } from './documents.ts'
import { endpointNames, judgeServer, judgeTokenError } from './judge-server.ts'
import { shownUrl } from './shown.ts'
import type { Visit } from './visit.ts'

/** An authorization server, with the endpoints that may be asked. */
export interface FoundServer {
  readonly issuer: string
  readonly document: Document
  /** Absent where only the definition says where it is. */
  readonly answer?: Answer
  readonly endpoints: Readonly<Partial<Record<(typeof endpointNames)[number], string>>>
}

/** Step 4: what does the authorization server say of itself? */
export async function askServer(
  visit: Visit,
  { issuer, document: told }: FoundResource,
): Promise<FoundServer | undefined> {
  visit.begin('server')
  if (issuer === undefined) return void visit.note('No authorization server is named that could be asked.')
  const isDocumented = issuer === visit.service.oauth?.issuer
  if (!told)
    visit.note(
      `Nothing names one: asked as ${isDocumented ? 'its definition says' : 'clients of the first revision do'}, at ${issuer}.`,
    )
  const answers: Answer[] = []
  for (const url of placesOf(visit, issuer)) {
    const answer = await visit.ask({ url, headers: { accept: 'application/json' }, note: 'metadata' })
    answers.push(answer)
    const document = documentIn(answer)
    if (document) return judged(visit, { issuer, document, answer }, answers)
  }
  const bad = answers.find(({ status }) => status === 200)
  if (bad) visit.judge([{ id: 'server.json', met: false, detail: answered(bad) }], bad)
  else
    visit.judge(
      [{ id: 'server.found', met: false, detail: await misplaced(visit, issuer, answers), hint: troubleIn(answers) }],
      ...answers,
    )
  return documented(visit, issuer)
}

/** What a definition, or --legacy-endpoints, says where the server says nothing. */
function documented({ service, note }: Visit, issuer: string): FoundServer | undefined {
  const { authorizationEndpoint, tokenEndpoint, registrationEndpoint, revocationEndpoint } = service.oauth ?? {}
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined) return undefined
  note('The endpoints of the definition, or of --legacy-endpoints, are taken in its place.')
  const endpoints = {
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    ...(registrationEndpoint === undefined ? {} : { registration_endpoint: registrationEndpoint }),
    ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
  }
  return { issuer: service.oauth?.issuer ?? issuer, document: Object.create(null), endpoints }
}

function placesOf({ service }: Visit, issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const { issuer: own, authorizationServerMetadata: documented } = service.oauth ?? {}
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
      ...(documented && issuer === own ? [documented] : []),
    ]),
  ]
}

async function judged(
  visit: Visit,
  { issuer, document, answer }: Required<Omit<FoundServer, 'endpoints'>>,
  answers: readonly Answer[],
): Promise<FoundServer> {
  const isFirst = answers.length === 1
  visit.judge(
    [
      { id: 'server.found', met: true, detail: shownUrl(answer.url) },
      { id: 'server.standard_place', met: isFirst, detail: isFirst ? undefined : answers.map(answered).join('; ') },
      { id: 'server.json', met: true },
    ],
    ...answers,
  )
  const endpoints: Record<string, string> = {}
  const refusals = new Map<string, string>()
  for (const name of endpointNames) {
    const url = textIn(document, name)
    if (url === undefined) continue
    const flaw = await visit.refusal(url)
    if (flaw) refusals.set(name, flaw)
    else endpoints[name] = url
  }
  visit.judge(judgeServer(answer, document, issuer, refusals), answer)
  return { issuer, document, answer, endpoints }
}

/** Where it is instead, if anywhere: at the root of an issuer with a path no client looks. */
async function misplaced(visit: Visit, issuer: string, answers: readonly Answer[]): Promise<string> {
  const places = answers.map(answered).join('; ')
  const { origin, pathname } = new URL(issuer)
  if (pathname === '/') return places
  const url = `${origin}/.well-known/oauth-authorization-server`
  const answer = await visit.ask({ url, headers: { accept: 'application/json' }, note: 'where no client looks' })
  return documentIn(answer)
    ? `${places}. There is one at ${shownUrl(url)}, where no client looks for this issuer.`
    : places
}

/** A code that nobody has given, from a page: what is refused how, and may the page read it? */
export async function askTokenEndpoint(
  visit: Visit,
  { endpoints }: FoundServer,
  page: string,
): Promise<Answer | undefined> {
  const { token_endpoint: url } = endpoints
  if (url === undefined) return undefined
  const fields = {
    grant_type: 'authorization_code',
    code: 'pentauth-doctor-no-such-code',
    client_id: 'pentauth-doctor',
  }
  const more = {
    redirect_uri: 'http://127.0.0.1/callback',
    code_verifier: 'pentauth-doctor-no-such-verifier-0123456789ab',
  }
  const answer = await visit.ask({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', origin: page },
    body: new URLSearchParams({ ...fields, ...more }).toString(),
    note: 'with a code that is none, from a page',
  })
  visit.judge([judgeTokenError(answer)], answer)
  return answer
}
