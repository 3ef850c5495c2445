import { withCors } from '../cors.ts'
import { refusal } from '../facts.ts'
import { bearerOf } from '../presented-credential.ts'
import type { Exchange, Identity, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { createAccessTokens } from './access-token.ts'
import { createPentographerConsole } from './console-page.ts'
import { pentographerFacts } from './facts.ts'
import { asksForGraphiql, graphiqlPage } from './graphiql-page.ts'
import { createGraphQL } from './graphql.ts'
import { createPentographerMcp, pentographerCallers } from './mcp.ts'
import { createTokenEndpoint, discovery } from './token-endpoint.ts'
import { createWorkspaces } from './workspace.ts'

const { errors } = pentographerFacts

/** Pentographer: GraphQL and MCP behind an API key or an access token, and the endpoint where a client gets that token. */
export function createPentographer(state: SandboxState): Service<'pentographer'> {
  const { accounts, keys, options } = state
  const tokens = createAccessTokens(state)
  const tokenEndpoint = createTokenEndpoint(state, tokens)
  const workspaceOf = createWorkspaces()
  const graphql = createGraphQL()
  // RFC 6750 section 3 asks for the challenge; the public source sends none.
  const challenge = (options.pentographer?.challenge ?? true) ? { 'www-authenticate': 'Bearer' } : undefined

  const answerGraphQL = ({ request, identity }: Exchange<'pentographer'>): Response | Promise<Response> => {
    if (asksForGraphiql(request)) return graphiqlPage()
    // Found: the credential is checked before GraphQL sees the request, introspection included.
    if (identity.holder === undefined) return refusal(errors.unauthorized, challenge)
    const { account } = identity.holder
    return graphql(request, { account, workspace: workspaceOf(account.organisation) })
  }

  const identify = async ({ headers }: Request): Promise<Identity<'pentographer'>> => {
    const value = bearerOf(headers)
    if (value === undefined) return {}
    if (value.startsWith('ptg_')) {
      const key = await keys.find('pentographer', value)
      return {
        presented: { kind: 'api-key', header: 'authorization', value },
        holder: key && { key, account: accounts.get('pentographer', key.account) },
      }
    }
    const account = await tokens.verify(value)
    return {
      presented: { kind: 'access-token', header: 'authorization', value },
      holder: account && { account },
    }
  }

  return {
    name: 'pentographer',
    origins: pentographerFacts.origins,
    operations: [
      ...withCors([
        { name: 'graphql', method: '*', path: '/api/graphql', answer: answerGraphQL },
        ...createPentographerMcp(state, { workspaceOf, findCredential: pentographerCallers(identify) }),
      ]),
      // Not for pages: what is sent here is a client's secret.
      { name: 'token', method: 'POST', path: '/api/oauth/token', answer: tokenEndpoint },
      { name: 'discovery', method: 'GET', path: '/api/oauth/discovery', answer: discovery },
      ...createPentographerConsole(state),
    ],
    identify,
    notFound: () => Response.json({ error: 'Not Found' }, { status: 404 }),
  }
}
