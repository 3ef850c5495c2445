import { PentauthError, type Service } from '@pentauth/core'
import type { FoundDiscoveryState, ServerMetadata } from './oauth-client-types.ts'

/** What the SDKs do not ask of an authorization server. */
export interface ServerRules {
  readonly omitsResource: boolean
  readonly scopeOnRefresh: boolean
  /** Throws `discovery_failed` for metadata of a server that nobody should sign in at. */
  check(url: URL, metadata: unknown): void
  /** The same for what an SDK has found and wants to keep. */
  checkState(state: FoundDiscoveryState): void
}

interface OptOuts {
  readonly omitResourceParameter?: boolean
  readonly scopeOnRefresh?: boolean
  readonly authorizationEndpoint?: string
}

export function serverRules(service: Service, takesMissingPkce: boolean): ServerRules {
  const { omitResourceParameter, scopeOnRefresh, authorizationEndpoint }: OptOuts = Object.assign(
    Object.create(null),
    service.oauth,
  )
  const failed = (where: URL, flaw: string, hint: string) =>
    documentFailed(service, { what: 'authorization server metadata', url: where }, flaw, hint)
  const check = (url: URL, metadata: unknown): void => {
    const { code_challenge_methods_supported: methods }: Partial<ServerMetadata> = Object.assign(
      Object.create(null),
      metadata,
    )
    if (Array.isArray(methods) ? methods.includes('S256') : takesMissingPkce) return
    throw failed(
      url,
      'does not say that the server checks PKCE by S256',
      'Without it a stolen code works for anybody. Ask who runs the service to list code_challenge_methods_supported.',
    )
  }
  return {
    omitsResource: omitResourceParameter === true,
    scopeOnRefresh: scopeOnRefresh === true,
    check,
    checkState({ authorizationServerUrl, authorizationServerMetadata: metadata }) {
      const server = new URL(authorizationServerUrl)
      if (metadata !== undefined) {
        const { issuer } = metadata as ServerMetadata
        const isEcho = issuer.replace(/\/$/, '') === authorizationServerUrl.replace(/\/$/, '')
        if (isEcho) return check(server, metadata)
        throw failed(server, 'names another issuer', 'Ask who runs the service: nobody should sign in at this server.')
      }
      // The SDKs would go on with addresses that they make up; a definition may say that those are right.
      if (authorizationEndpoint === new URL('/authorize', server).href) return
      throw failed(
        server,
        'cannot be found',
        'A server of the first revision needs mcpService(url, { legacyEndpoints: true }).',
      )
    },
  }
}

/** The error about a document. */
export function documentFailed(
  service: Service,
  { what, url }: { readonly what: string; readonly url: URL },
  flaw: string,
  hint = 'Ask who runs the service: its clients cannot find out where to sign in.',
): PentauthError {
  return new PentauthError({
    code: 'discovery_failed',
    message: `${service.name}: the ${what} at ${url.origin}${url.pathname} ${flaw}.`,
    service: service.id,
    hint,
    link: service.links.docs.url,
  })
}
