import { isJsonObject } from '../request-body.ts'
import { grantTypesOf, isMetadataProblem, readClientMetadata } from './client-metadata.ts'
import type { Configuration, SignInOptions } from './configuration.ts'
import type { OAuthClient } from './oauth-client.ts'

/** Client ID metadata documents by their address: what the sandbox reads in the place of the network. */
export interface ClientMetadata {
  /**
   * Publishes a document, as the app's own site would; the address is then a client id.
   *
   * @example
   * const url = 'https://app.example/oauth/client.json'
   * sandbox.clientMetadata.set(url, { client_id: url, client_name: 'App', redirect_uris: ['http://127.0.0.1/callback'] })
   */
  set(url: string, document: unknown): void
  /** Takes a document away. */
  delete(url: string): void
}

/** Reads a client ID metadata document; undefined, or an error thrown, is a document that is not there. */
export type FetchClientMetadata = (url: string) => Promise<unknown>

/** The documents, with the side that only the authorization servers use. */
export interface ClientMetadataStore extends ClientMetadata {
  readonly read: FetchClientMetadata
}

/** Makes an empty table of documents, or one in front of the given reader. */
export function createClientMetadata(fetchDocument: FetchClientMetadata | undefined): ClientMetadataStore {
  const documents = new Map<string, unknown>()
  return {
    set: (url, document) => void documents.set(url, structuredClone(document)),
    delete: (url) => void documents.delete(url),
    read: async (url) => (documents.has(url) ? documents.get(url) : await fetchDocument?.(url)),
  }
}

/** Whether a client id is the address of a document: https, with a path, and nothing that hides what it is. */
export function isDocumentAddress(id: string): boolean {
  if (!URL.canParse(id)) return false
  const { protocol, pathname, hash, username, password, href } = new URL(id)
  return protocol === 'https:' && pathname !== '/' && hash === '' && username === '' && password === '' && href === id
}

/** The client that a document describes, if the document is good; it says its own address, and it can keep no secret. */
export async function clientOfDocument(
  url: string,
  read: FetchClientMetadata,
  configuration: Configuration,
  options: SignInOptions,
): Promise<OAuthClient | undefined> {
  const document = await read(url).catch(() => undefined)
  if (!isJsonObject(document) || document.client_id !== url) return undefined
  // What everybody can read holds no secret that both know.
  const authMethods = configuration.authMethods.filter((method) => method === 'none' || method === 'private_key_jwt')
  const client = readClientMetadata(
    document,
    { scopes: configuration.scopes, authMethods },
    grantTypesOf(options.deviceAuthorization),
  )
  return isMetadataProblem(client) ? undefined : { id: url, ...client }
}
