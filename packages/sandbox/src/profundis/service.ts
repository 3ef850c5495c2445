import { streamedResponse } from '../event-stream.ts'
import { refusal } from '../facts.ts'
import { apiKeyHeaderOf, bearerOf, presentedKey } from '../presented-credential.ts'
import { jsonBody, stringField } from '../request-body.ts'
import type { Exchange, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { isEntitled, type ProfundisAccount } from './accounts.ts'
import { profundisFacts } from './facts.ts'

const { errors } = profundisFacts

/** Credits a look-up costs: prices are not documented, one a call is assumed. */
const price = 1

/** The Profundis API: subdomains, paid with the credits of the account behind the key. */
export function createProfundis(state: SandboxState): Service<'profundis'> {
  const { accounts, clock, keys, options, usage } = state
  const acceptBearer = options.profundis?.acceptBearer ?? true

  const subdomains = async ({ request, identity }: Exchange<'profundis'>): Promise<Response> => {
    if (identity.presented === undefined) return refusal(errors.missingCredential, { 'www-authenticate': 'Bearer' })
    const { account, key } = identity.holder ?? {}
    if (account === undefined || key === undefined) {
      return refusal(errors.invalidCredential, { 'www-authenticate': 'Bearer error="invalid_token"' })
    }
    // The same gate as at the key's creation: the account can lose its entitlement while the key exists.
    if (!isEntitled(account)) return refusal(errors.notEntitled)
    const domain = stringField((await jsonBody(request)) ?? {}, 'domain')?.toLowerCase()
    if (domain === undefined || !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) {
      // Assumed: a bad request costs nothing.
      return Response.json({ error: 'invalid_request', error_description: 'A domain is required.' }, { status: 400 })
    }
    if (account.monthlyCredits + account.purchasedCredits < price) return refusal(errors.outOfCredits)
    accounts.update('profundis', account.id, charged(account))
    usage.add('profundis', {
      at: clock.now(),
      keyId: key.id,
      account: account.id,
      operation: 'subdomains',
      credits: price,
    })
    return streamedResponse(
      hostsOf(domain).map((host) => `${host}\n`),
      options.streamInterval ?? 0,
    )
  }

  return {
    name: 'profundis',
    origin: 'https://api.profundis.io',
    operations: [
      // Found in two public clients: the answer is read line by line, one host a line.
      { name: 'subdomains', method: 'POST', path: '/api/v2/common/data/subdomains', answer: subdomains },
    ],
    async identify({ headers }) {
      // With both headers, `X-API-KEY` is read: it is the one seen in use. Not documented.
      const presented =
        presentedKey('x-api-key', apiKeyHeaderOf(headers)) ??
        (acceptBearer ? presentedKey('authorization', bearerOf(headers)) : undefined)
      const key = presented && (await keys.find('profundis', presented.value))
      return { presented, holder: key && { key, account: accounts.get('profundis', key.account) } }
    },
    notFound: () => Response.json({ error: 'not_found' }, { status: 404 }),
  }
}

// The monthly allocation is spent first: assumed, as it is what does not last.
function charged(account: ProfundisAccount): Pick<ProfundisAccount, 'monthlyCredits' | 'purchasedCredits'> {
  const monthly = Math.min(account.monthlyCredits, price)
  return {
    monthlyCredits: account.monthlyCredits - monthly,
    purchasedCredits: account.purchasedCredits - (price - monthly),
  }
}

function hostsOf(domain: string): string[] {
  return ['www', 'api', 'mail', 'dev', 'staging', 'vpn'].map((name) => `${name}.${domain}`)
}
