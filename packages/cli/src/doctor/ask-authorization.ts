import { memoryStore, PentauthError, startSignIn } from '@pentauth/core'
import type { FoundClient } from './ask-registration.ts'
import type { Answer } from './asker.ts'
import { clientFetch } from './client-fetch.ts'
import { judgeAuthorization, judgeForeignRedirect, judgeFrames, judgeOtherPort } from './judge-authorization.ts'
import type { Visit } from './visit.ts'

/** Nobody is there, and nobody can have registered it. */
const foreign = 'https://pentauth-doctor.invalid/callback'

/** Step 8: what does a browser without a session get? Nobody signs in here. */
export async function askAuthorization(
  visit: Visit,
  { client, isOurs }: FoundClient,
  redirectUri: string,
): Promise<void> {
  visit.begin('authorization')
  const url = await requestOf(visit, client, redirectUri)
  if (url === undefined) return
  const open = (changed: string, note: string): Promise<Answer> => {
    const asked = new URL(url)
    if (asked.searchParams.has('redirect_uri')) asked.searchParams.set('redirect_uri', changed)
    return visit.ask({ url: asked.href, headers: { accept: 'text/html' }, note })
  }
  const page = await open(redirectUri, 'a browser without a session')
  visit.judge([judgeAuthorization(page, redirectUri), ...judgeFrames(page)], page)
  // What was pushed is used up, and no address in a browser changes it.
  if (url.searchParams.has('request_uri')) return
  const elsewhere = await open(foreign, 'with a redirect URI that is not registered')
  visit.judge([judgeForeignRedirect(elsewhere, foreign)], elsewhere)
  if (!isOurs || !/^http:\/\/127\./.test(redirectUri)) return
  const other = new URL(redirectUri)
  other.port = other.port === '8124' ? '8125' : '8124'
  const port = await open(other.href, 'with another port of this machine')
  visit.judge([judgeOtherPort(port, page)], port)
}

/** The request as a Pentauth client makes it. */
async function requestOf(visit: Visit, client: FoundClient['client'], redirectUri: string): Promise<URL | undefined> {
  const { service, resource } = visit
  const runtime = { fetch: clientFetch(visit) }
  try {
    return (await startSignIn(service, { store: memoryStore(), resource: resource.name, client, redirectUri, runtime }))
      .url
  } catch (error) {
    if (!PentauthError.isInstance(error) || error.code === 'invalid_option') throw error
    visit.note(`Not asked: ${error.message}`)
    return undefined
  }
}
