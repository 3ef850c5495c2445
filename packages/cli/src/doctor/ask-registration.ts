import type { ClientOptions } from '@pentauth/core'
import type { FoundServer } from './ask-server.ts'
import type { Answer } from './asker.ts'
import { type Document, jsonIn, textIn } from './documents.ts'
import { judgeRegistration } from './judge-registration.ts'
import type { Visit } from './visit.ts'

/** A client for the steps that follow, and how it is taken away again. */
export interface FoundClient {
  readonly client: ClientOptions
  readonly clientId: string
  /** Whether it was made here, so that its redirect URI is known to be registered. */
  readonly isOurs: boolean
  remove(): Promise<void>
}

/** Step 7: does it register a client? Only where that was asked for, since one stays behind. */
export async function askRegistration(
  visit: Visit,
  server: FoundServer,
  { register, redirectUri }: { readonly register: boolean; readonly redirectUri: string },
): Promise<FoundClient | undefined> {
  visit.begin('registration')
  const given = givenClient(visit, server)
  if (given) {
    visit.note('Not asked: there is a client already (--client-id, --client-metadata).')
    return given
  }
  const { registration_endpoint: url } = server.endpoints
  if (url === undefined) return void visit.note('It has no registration endpoint.')
  if (!register) return void visit.note('Not asked: it leaves a client behind. --register asks.')
  const metadata = {
    client_name: 'pentauth doctor',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  }
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const answer = await visit.ask({
    method: 'POST',
    url,
    headers,
    body: JSON.stringify(metadata),
    note: 'registers this program',
  })
  const document = registered(visit, answer)
  visit.judge(judgeRegistration(answer, document, redirectUri), answer)
  const clientId = document && textIn(document, 'client_id')
  if (!document || clientId === undefined) return undefined
  const clientSecret = textIn(document, 'client_secret')
  const client = { clientId, ...(clientSecret === undefined ? {} : { clientSecret, issuer: server.issuer }) }
  return { client, clientId, isOurs: true, remove: () => remove(visit, document, server) }
}

/** What the answer holds; its secrets are known from here on. */
function registered(visit: Visit, { status, text }: Answer): Document | undefined {
  const value = status === 200 || status === 201 ? jsonIn(text) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const document: Document = Object.assign(Object.create(null), value)
  for (const name of ['client_secret', 'registration_access_token']) visit.asker.hide(textIn(document, name) ?? '')
  return document
}

/** Takes the client away again where the server lets us (RFC 7592). */
async function remove(visit: Visit, document: Document, { issuer }: FoundServer): Promise<void> {
  visit.begin('registration')
  const url = textIn(document, 'registration_client_uri')
  const token = textIn(document, 'registration_access_token')
  const left = `The client ${textIn(document, 'client_id')} stays at ${issuer}.`
  const isSame = url !== undefined && URL.canParse(url) && new URL(url).origin === new URL(issuer).origin
  if (!isSame || token === undefined || (await visit.refusal(url)))
    return visit.judge([{ id: 'registration.removed', met: false, detail: left }])
  const headers = { authorization: `Bearer ${token}` }
  // Also when everything else was given up.
  const answer = await visit.asker.ask('registration', {
    method: 'DELETE',
    url,
    headers,
    note: 'takes the client away again',
  })
  const met = answer.status === 204 || answer.status === 200
  visit.judge(
    [{ id: 'registration.removed', met, detail: met ? undefined : `${answer.status ?? answer.failure}: ${left}` }],
    answer,
  )
}

/** The client that was made by hand, or is known by its document. */
function givenClient({ adapter }: Visit, { document }: FoundServer): FoundClient | undefined {
  const { client } = adapter
  if (client === undefined) return undefined
  const takesUrl = document.client_id_metadata_document_supported === true
  const clientId =
    'clientId' in client ? client.clientId : takesUrl && 'metadataUrl' in client ? client.metadataUrl : undefined
  return clientId === undefined ? undefined : { client, clientId, isOurs: false, remove: async () => undefined }
}
