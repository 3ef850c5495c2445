/** What can be set when a sandbox is made. Each switch stands where sources disagree or the service's page is silent. */
export interface SandboxOptions {
  /** The time in milliseconds since 1970 (default: the real time). */
  readonly now?: (() => number) | undefined
  /** The pause between the parts of a streamed response, in milliseconds (default 0). */
  readonly streamInterval?: number | undefined
  readonly pendium?: PendiumOptions | undefined
  readonly pensyve?: PensyveOptions | undefined
  readonly profundis?: ProfundisOptions | undefined
  readonly pentographer?: PentographerOptions | undefined
  readonly pendra?: PendraOptions | undefined
}

/** Switches of the Pendium sandbox. */
export interface PendiumOptions {
  /** Status of "not found or you don't have access" (default 401, the page's heading; 403 and 404 are guesses). */
  readonly agentRefusalStatus?: 401 | 403 | 404 | undefined
  /** Texts of a refused key: the page's (default), or those of an older version of it, which speak of an API key. */
  readonly refusalTexts?: 'page' | 'older-page' | undefined
}

/** Switches of the Pensyve sandbox. */
export interface PensyveOptions {
  /** Status of an invalid or revoked key (default 403, found in the public gateway; its SDK's text expects 401). */
  readonly invalidKeyStatus?: 401 | 403 | undefined
  /** Calls per minute and key (default: no limit; the public gateway's own default is 300). */
  readonly rateLimit?: number | undefined
  /** Adds the `Sunset` and `Deprecation` headers that the gateway sent before the cloud closed (default false). */
  readonly sunsetHeaders?: boolean | undefined
}

/** Switches of the Profundis sandbox. */
export interface ProfundisOptions {
  /** Whether the REST API takes `Authorization: Bearer` beside `X-API-KEY` (default true; only the latter was seen). */
  readonly acceptBearer?: boolean | undefined
}

/** Switches of the Pentographer sandbox. */
export interface PentographerOptions {
  /** Whether a 401 carries `WWW-Authenticate: Bearer` (default true; the public source sends none). */
  readonly challenge?: boolean | undefined
}

/** Switches of the Pendra sandbox. */
export interface PendraOptions {
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
