import { PentauthError, type Service } from '@pentauth/core'

/** Where there is neither a browser nor a reader, a sign-in would only wait until its time is over. */
export function nobodyHere(service: Service, why: string): PentauthError {
  const { apiKey, name, id, links } = service
  const key = apiKey ? `Where a key will do, set ${apiKey.env}. ` : ''
  return new PentauthError({
    code: 'sign_in_required',
    message: `Nobody can sign in to ${name} here: ${why}, and there is no terminal.`,
    service: id,
    hint: `${key}Else sign in where there is a person, into a store that this program shares.`,
    link: links.docs.url,
  })
}
