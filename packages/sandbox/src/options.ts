import type { SignInOptions } from './authorization-server/configuration.ts'
import type { FetchClientMetadata } from './authorization-server/metadata-documents.ts'

/** What can be set when a sandbox is made. Each switch stands where sources disagree or the service's page is silent. */
export interface SandboxOptions {
  /** The time in milliseconds since 1970 (default: the real time). */
  readonly now?: (() => number) | undefined
  /** The pause between the parts of a streamed response, in milliseconds (default 0). */
  readonly streamInterval?: number | undefined
  /** Hosts of web pages that may call the MCP endpoints, beside each service's own and those of this machine. */
  readonly mcpPageHosts?: readonly string[] | undefined
  /** Reads client ID metadata documents that `sandbox.clientMetadata` does not have (default: there are no others). */
  readonly fetchClientMetadata?: FetchClientMetadata | undefined
  readonly pendium?: PendiumOptions | undefined
  readonly pensyve?: PensyveOptions | undefined
  readonly profundis?: ProfundisOptions | undefined
  readonly pentographer?: PentographerOptions | undefined
  readonly pendra?: PendraOptions | undefined
}

/** A switch that every service has: what browsers are told, since no page of the services says it. */
export interface PageOptions {
  /**
   * Whether pages of other origins may call the API and the MCP server (default true, so that pages can be tested; the real
   * service may not allow it). An authorization server always allows it; a fault with `cors: false` ends that.
   */
  readonly cors?: boolean | undefined
}

/** Switches of the Pendium sandbox. */
export interface PendiumOptions extends SignInOptions, PageOptions {
  /**
   * Whether a sign-in ends the tokens that the account got from earlier ones (default false: a newer version of the page says
   * so, the page does not).
   */
  readonly lastLoginWins?: boolean | undefined
  /** Status of "not found or you don't have access" (default 401, the page's heading; 403 and 404 are guesses). */
  readonly agentRefusalStatus?: 401 | 403 | 404 | undefined
  /** Texts of a refused key: the page's (default), or those of an older version of it, which speak of an API key. */
  readonly refusalTexts?: 'page' | 'older-page' | undefined
  /** How a tool refuses an agent: in its result (default, so that no client signs in again for it), or as HTTP 401. */
  readonly agentRefusalOnMcp?: 'tool-error' | 'http-401' | undefined
  /** Whether the MCP endpoint takes an API key as Bearer (default false, the page; a newer version of it says so). */
  readonly apiKeyOnMcp?: boolean | undefined
}

/** Switches of the Pensyve sandbox. */
export interface PensyveOptions extends SignInOptions, PageOptions {
  /** Status of an invalid or revoked key (default 403, found in the public gateway; its SDK's text expects 401). */
  readonly invalidKeyStatus?: 401 | 403 | undefined
  /** Status of an invalid key or token on the MCP endpoint (default 401; 403 without a challenge is found). */
  readonly invalidMcpCredentialStatus?: 401 | 403 | undefined
  /** How the MCP endpoint refuses a tool for its scope: HTTP 403 with a challenge (default), or in the tool's result. */
  readonly scopeRefusalOnMcp?: 'http-403' | 'tool-error' | undefined
  /** Whether the list of tools leaves out those that the credential's scope does not allow (default false). */
  readonly hideToolsOutOfScope?: boolean | undefined
  /**
   * Status of an access token that is not valid (default 401, so that clients sign in again; the gateway's source that could
   * be read is older than its access tokens, and answers every bad credential with 403).
   */
  readonly invalidTokenStatus?: 401 | 403 | undefined
  /** Calls per minute and key (default: no limit; the public gateway's own default is 300). */
  readonly rateLimit?: number | undefined
  /** Adds the `Sunset` and `Deprecation` headers that the gateway sent before the cloud closed (default false). */
  readonly sunsetHeaders?: boolean | undefined
}

/** Switches of the Profundis sandbox. */
export interface ProfundisOptions extends SignInOptions, PageOptions {
  /** Whether the REST API takes `Authorization: Bearer` beside `X-API-KEY` (default true; only the latter was seen). */
  readonly acceptBearer?: boolean | undefined
}

/** Switches of the Pentographer sandbox. */
export interface PentographerOptions extends PageOptions {
  /** Whether a 401 carries `WWW-Authenticate: Bearer` (default true; the public source sends none). */
  readonly challenge?: boolean | undefined
}

/** Switches of the Pendra sandbox. */
export interface PendraOptions extends PageOptions {
  /** Where `x-api-key` is taken (default `everywhere`; one line of the page ties it to `/v1/messages`). */
  readonly apiKeyHeader?: 'everywhere' | 'messages' | undefined
  /** Status of a missing key (default 401). */
  readonly missingKeyStatus?: 401 | 403 | undefined
  /** Form of a refusal on `/v1/messages` (default `detail`, the documented one). */
  readonly messagesRefusal?: 'detail' | 'anthropic' | undefined
  /** Whether `/v1/messages` answers 400 without `anthropic-version` (default false). */
  readonly requireAnthropicVersion?: boolean | undefined
  /** Calls per minute and organisation (default: no limit). */
  readonly rateLimit?: number | undefined
}
