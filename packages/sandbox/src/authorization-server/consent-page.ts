import type { ServerContext } from './configuration.ts'
import { html } from './html.ts'
import { isDocumentAddress } from './metadata-documents.ts'
import type { OAuthClient } from './oauth-client.ts'
import { pageResponse } from './page.ts'
import { placeInWords } from './redirect-uri.ts'

/** What a person is asked. */
export interface Consent {
  readonly client: Pick<OAuthClient, 'id' | 'name'>
  readonly scopes: readonly string[]
  readonly account: string
  /** Where the form goes, and its token. */
  readonly action: string
  readonly form: string
  readonly cookie: string
  /** Where the app is called back; a device is not. */
  readonly redirectUri?: string | undefined
  /** What the device shows. */
  readonly userCode?: string | undefined
}

/** The page on which a person allows an app to act for them, or does not. */
export function consentPage({ configuration, accounts }: ServerContext, consent: Consent): Response {
  const { service, title, scopes, allows, refusalOf } = configuration
  const { client, redirectUri, userCode } = consent
  const { name, email } = accounts.get(service, consent.account)
  const refusal = refusalOf?.(consent.account)
  const words = consent.scopes.length === 0 ? allows : consent.scopes.map((scope) => scopes[scope] ?? scope)
  const content = html`<dl>
<dt>Signed in as</dt><dd>${name} (${email})</dd>
${userCode === undefined ? undefined : html`<dt>Code on your device</dt><dd>${userCode}</dd>`}
${isDocumentAddress(client.id) ? html`<dt>The app describes itself at</dt><dd>${client.id}</dd>` : undefined}
${redirectUri === undefined ? undefined : html`<dt>Afterwards you go back to</dt><dd>${placeInWords(redirectUri)}</dd>`}
</dl>
${
  refusal === undefined
    ? html`<p>It will be able to:</p>
<ul>${words.map((word) => html`<li>${word}</li>`)}</ul>`
    : html`<p class="notice" role="alert">${refusal}</p>`
}
<form method="post" action="${consent.action}">
<input type="hidden" name="form" value="${consent.form}">
<div class="buttons">
${
  refusal === undefined
    ? html`<button class="main" type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>`
    : html`<button class="main" type="submit" name="decision" value="deny">Go back to the app</button>`
}
<button class="link" type="submit" name="decision" value="switch">Use another account</button>
</div>
</form>`
  return pageResponse({
    service: title,
    heading: `${client.name} wants to use your ${title} account`,
    content,
    cookie: consent.cookie,
    leadsTo: redirectUri,
  })
}
