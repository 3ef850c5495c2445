import type { Exchange, Operation } from '../service.ts'
import { resourceOf, scopesOf } from './authorization-request.ts'
import type { BrowserSessions } from './browser-session.ts'
import type { AuthenticateClient } from './client-authentication.ts'
import { placeOf, type ServerContext } from './configuration.ts'
import { consentPage } from './consent-page.ts'
import { type DeviceCodes, deviceInterval, deviceLifetime } from './device-codes.ts'
import { html } from './html.ts'
import { formFields, noStore, oauthProblem } from './oauth-problem.ts'
import { messagePage, pageResponse } from './page.ts'
import { type SignIn, staleForm } from './sign-in.ts'

/** What the device grant works with. */
export interface DeviceParts {
  readonly context: ServerContext
  readonly sessions: BrowserSessions
  readonly signIn: SignIn
  readonly devices: DeviceCodes
  readonly authenticate: AuthenticateClient
}

/** Where a device gets its codes (RFC 8628 section 3.1). */
export function createDeviceAuthorization(parts: DeviceParts): (exchange: Exchange) => Promise<Response> {
  const { context, devices, authenticate } = parts
  const { endpoints, resources, scopes: known } = context.configuration
  return async (exchange) => {
    const fields = await formFields(exchange.request)
    if (fields instanceof Response) return fields
    const client = await authenticate(exchange, fields)
    if (client instanceof Response) return client
    if (!client.grantTypes.includes('urn:ietf:params:oauth:grant-type:device_code')) {
      return oauthProblem('unauthorized_client', 'The client is not registered for the device grant.')
    }
    const asked = fields.get('resource')
    const resource = resourceOf(asked === undefined ? [] : [asked], resources, exchange.outside)
    if (resource === undefined)
      return oauthProblem('invalid_target', 'resource is none that this server gives tokens for.')
    const scopes = scopesOf(fields.get('scope'), known, client)
    if (scopes === undefined) return oauthProblem('invalid_scope', 'scope names a scope that cannot be granted.')
    const { deviceCode, userCode } = await devices.make({ client, scopes, resource })
    const page = exchange.outside(endpoints.device)
    const answer = {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: deviceLifetime,
      interval: deviceInterval,
    }
    return Response.json(answer, { headers: noStore })
  }
}

/** The pages where a person types the code that a device shows, and decides. */
export function devicePages(parts: DeviceParts): Operation[] {
  const { context, sessions, signIn, devices } = parts
  const { title, endpoints, refusalOf } = context.configuration
  const place = placeOf(endpoints.device)
  const action = `${place.path}/decision`

  const ask = (exchange: Exchange): Response => {
    const userCode = exchange.url.searchParams.get('user_code')
    const device = devices.waiting(userCode ?? '')
    if (device === undefined) return codePage(title, place.path, userCode !== null)
    const session = sessions.of(exchange.request)
    const returnTo = `${place.path}?user_code=${device.userCode}`
    if (session.account === undefined) return signIn.page(exchange, session, returnTo)
    return consentPage(context, {
      client: device.client,
      scopes: device.scopes,
      account: session.account,
      userCode: device.userCode,
      action,
      form: sessions.form(session, 'device', device.userCode),
      cookie: signIn.cookieFor(exchange, session),
    })
  }

  const decide = async (exchange: Exchange): Promise<Response> => {
    const session = sessions.of(exchange.request)
    const form = new URLSearchParams(await exchange.request.text())
    const userCode = sessions.take(session, 'device', form.get('form') ?? undefined)
    if (userCode === undefined || session.account === undefined) return staleForm(title)
    const decision = form.get('decision')
    if (decision === 'switch') return signIn.again(exchange, session, `${place.path}?user_code=${userCode}`)
    if (devices.waiting(userCode) === undefined) return codePage(title, place.path, true)
    const allowed = decision === 'allow' && refusalOf?.(session.account) === undefined
    devices.decide(userCode, allowed ? session.account : undefined)
    return allowed
      ? messagePage(title, 'Your device is connected', 'You can close this page and go on there.')
      : messagePage(title, 'Your device was not connected', 'You can close this page.')
  }

  return [
    { name: 'device', method: 'GET', ...place, answer: ask },
    { name: 'device_decision', method: 'POST', origin: place.origin, path: action, answer: decide },
  ]
}

function codePage(title: string, path: string, wrong: boolean): Response {
  return pageResponse({
    service: title,
    heading: 'Connect a device',
    status: wrong ? 400 : 200,
    content: html`<form method="get" action="${path}">
${wrong ? html`<p class="notice" role="alert" id="wrong">No device waits with this code. Compare it with your device.</p>` : undefined}
<label for="code">Code on your device</label>
<input class="code" type="text" id="code" name="user_code" required autocomplete="off" autocapitalize="characters" spellcheck="false"${
      wrong ? { markup: ' aria-invalid="true" aria-describedby="wrong"' } : undefined
    }>
<div class="buttons"><button class="main" type="submit">Continue</button></div>
</form>`,
  })
}
