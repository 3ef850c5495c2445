import type { Challenge } from './challenge.ts'
import { PentauthError } from './errors.ts'
import { printable } from './printable.ts'
import type { Service } from './service.ts'
import { unusable } from './session-labels.ts'

/**
 * Refuses options that no sign-in can use.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkOptions(options: object): void {
  const { client }: { readonly client?: unknown } = options
  if (client !== undefined) checkClientOptions(client)
  for (const name of ['scope', 'resource', 'redirectUri', 'issuer'] as const) {
    const value: unknown = (options as Partial<Record<typeof name, unknown>>)[name]
    if (value !== undefined && typeof value !== 'string')
      throw unusable(name, 'is no text', 'Leave it out, or give a string.')
  }
}

const clientParts = 'clientId clientSecret privateKey issuer metadataUrl name uri applicationType'.split(' ')

/** A word that nobody knows would register another client than the one that was meant. */
function checkClientOptions(client: unknown): void {
  if (typeof client !== 'object' || client === null) throw unusable('client', 'is no client', 'See ClientOptions.')
  const unknown = Object.keys(client).find((name) => !clientParts.includes(name))
  if (unknown !== undefined)
    throw unusable(
      'client',
      `has an unknown part ${JSON.stringify(printable(unknown, 60))}`,
      `It has ${clientParts.join(', ')}.`,
    )
}

/**
 * The challenge that a sign-in answers.
 *
 * @throws PentauthError `invalid_option` for what is none, such as the text of a header.
 */
export function bearerOf(challenge: Challenge | readonly Challenge[] | undefined): Challenge | undefined {
  const all: readonly unknown[] = Array.isArray(challenge) ? challenge : challenge === undefined ? [] : [challenge]
  const isChallenge = (one: unknown): one is Challenge =>
    typeof one === 'object' && one !== null && 'parameters' in one && typeof one.parameters === 'object'
  if (!all.every(isChallenge))
    throw unusable('challenge', 'is no challenge', 'Give what parseChallenge(header) returns.')
  return all.find(({ scheme }) => scheme === 'bearer') ?? all[0]
}

/** The error about a resource, or a service, that nobody signs in for. */
export function takesNoTokens(service: Service, resource: string | undefined): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message:
      resource === undefined
        ? `${service.name} takes no access tokens.`
        : `The resource ${JSON.stringify(resource)} of ${service.name} takes no access tokens.`,
    service: service.id,
    hint: service.apiKey ? `Use an API key (${service.apiKey.env}).` : 'Use another kind of credential.',
  })
}
