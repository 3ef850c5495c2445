import type { CiSystem } from '../ci.ts'
import { resourceOf, scopesOf } from './authorization-request.ts'
import type { ServerContext, WorkloadTrust } from './configuration.ts'
import type { Grant } from './grants.ts'
import { type OrRefusal, oauthProblem } from './oauth-problem.ts'

const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** Grants in which the identity token of a workload says who asks. */
export const workloadGrants: readonly string[] = ['urn:ietf:params:oauth:grant-type:jwt-bearer', exchangeType]

/** Token types of RFC 8693 section 3 that this server knows. */
const tokenTypes = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  access: 'urn:ietf:params:oauth:token-type:access_token',
}

/** What an identity token may get. */
export type WorkloadGrant = Pick<Grant, 'account' | 'scopes' | 'resource'>

/** Judges identity tokens of the CI system. */
export interface Workloads {
  /** What the token in a form may get, or why it may get nothing. */
  grantFor(fields: ReadonlyMap<string, string>, outside: (url: string) => string): Promise<OrRefusal<WorkloadGrant>>
  /** Whether a token is the CI system's, for this server, about that subject, and not shown before. */
  speaksFor(token: string, subject: string, outside: (url: string) => string): Promise<boolean>
}

/** Makes the judge of one authorization server. */
export function createWorkloads({ configuration, options, accounts }: ServerContext, ci: CiSystem): Workloads {
  const { issuer, endpoints, resources, scopes: known, service, refusalOf } = configuration
  const trusts = options.workloadIdentity ?? []
  const seen = new Set<string>()
  const audiencesOf = (outside: (url: string) => string): string[] => [
    ...[issuer, endpoints.token].flatMap((url) => [url, outside(url)]),
    ...trusts.flatMap(({ audience }) => audience ?? []),
  ]

  const subjectOf = async (token: string, outside: (url: string) => string): Promise<string | undefined> => {
    const claims = await ci.verify(token, audiencesOf(outside))
    if (claims?.sub === undefined) return undefined
    // RFC 7523 section 3: a number that was seen is a replay; what a platform writes into a file has none and is shown often.
    const number = claims.jti
    if (number !== undefined && seen.has(number)) return undefined
    if (number !== undefined) seen.add(number)
    return claims.sub
  }

  return {
    async grantFor(fields, outside) {
      const isExchange = fields.get('grant_type') === exchangeType
      const token = fields.get(isExchange ? 'subject_token' : 'assertion')
      const problem = isExchange ? exchangeProblem(fields) : undefined
      if (token === undefined || problem !== undefined)
        return oauthProblem('invalid_request', problem ?? 'assertion is required.')
      // RFC 8693 section 2.2.2 has the one, RFC 7523 section 3.1 the other.
      const refuse = (why: string): Response => oauthProblem(isExchange ? 'invalid_request' : 'invalid_grant', why)
      const subject = await subjectOf(token, outside)
      if (subject === undefined) return refuse('The token is not trusted: signature, issuer, audience, time or replay.')
      const trust = trusts.find((one) => means(one, subject))
      if (trust === undefined) return refuse(`Nobody said that ${subject} is trusted.`)
      const account = accounts.get(service, trust.account).id
      const hindrance = refusalOf?.(account)
      if (hindrance !== undefined) return refuse(hindrance)
      const [asked, target] = [fields.get('resource'), fields.get('audience')]
      const resource = resourceOf(asked === undefined ? [] : [asked], resources, outside)
      const isForUs = target === undefined || audiencesOf(outside).includes(target)
      if (resource === undefined || !isForUs) return oauthProblem('invalid_target', 'No tokens are given for that.')
      const scopes = scopesOf(fields.get('scope'), known, { scopes: trust.scopes })
      if (scopes === undefined) return oauthProblem('invalid_scope', 'scope has more than this workload may have.')
      return { account, scopes, resource }
    },
    speaksFor: async (token, subject, outside) => (await subjectOf(token, outside)) === subject,
  }
}

/** What an answer to an exchange says beside the token (RFC 8693 section 2.2.1). */
export function exchanged(grantType: string): { readonly issued_token_type?: string } {
  return grantType === exchangeType ? { issued_token_type: tokenTypes.access } : {}
}

function exchangeProblem(fields: ReadonlyMap<string, string>): string | undefined {
  if (fields.get('subject_token') === undefined) return 'subject_token is required.'
  if (fields.get('subject_token_type') !== tokenTypes.jwt) return `subject_token_type must be ${tokenTypes.jwt}.`
  const wanted = fields.get('requested_token_type') ?? tokenTypes.access
  return wanted === tokenTypes.access ? undefined : `requested_token_type must be ${tokenTypes.access}.`
}

function means({ subject }: WorkloadTrust, given: string): boolean {
  return subject.endsWith('*') ? given.startsWith(subject.slice(0, -1)) : given === subject
}
