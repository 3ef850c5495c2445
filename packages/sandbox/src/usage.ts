/** One inference call in Pendra's usage log. */
export interface PendraUsage {
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly at: number
  readonly keyId: string
  readonly keyName: string
  readonly account: string
  readonly organisation: string
  readonly operation: string
  readonly model: string
  /** Counted in words: the sandbox has no tokenizer. */
  readonly inputTokens: number
  readonly outputTokens: number
}

/** One charged call in Profundis' usage log. */
export interface ProfundisUsage {
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly at: number
  /** The API key used, or the app whose access token was. */
  readonly keyId?: string
  readonly clientId?: string
  readonly account: string
  readonly operation: string
  readonly credits: number
  /** By which credential the account was charged. */
  readonly via: 'api_key' | 'oauth'
}

/** The kind of usage record of each service that keeps some. */
export interface UsageTypes {
  readonly pendra: PendraUsage
  readonly profundis: ProfundisUsage
}

/** Which records to read: all that agree with every field given. */
export interface UsageFilter {
  readonly keyId?: string | undefined
  readonly account?: string | undefined
  readonly operation?: string | undefined
}

/** Usage logs. They outlive the keys: "existing usage logs remain". */
export interface UsageLog {
  add<S extends keyof UsageTypes>(service: S, record: UsageTypes[S]): void
  read<S extends keyof UsageTypes>(service: S, filter?: UsageFilter): readonly UsageTypes[S][]
}

/** Makes the usage logs of one sandbox. */
export function createUsageLog(): UsageLog {
  const records: { [S in keyof UsageTypes]: UsageTypes[S][] } = { pendra: [], profundis: [] }
  return {
    add: (service, record) => {
      records[service].push(record)
    },
    read: (service, filter = {}) =>
      records[service].filter(
        (record) =>
          (filter.keyId ?? record.keyId) === record.keyId &&
          (filter.account ?? record.account) === record.account &&
          (filter.operation ?? record.operation) === record.operation,
      ),
  }
}
