// Apart from service.ts, which is made of accounts and keys, since those are made of these names.

/** The five services. */
export type ServiceName = 'pendium' | 'pensyve' | 'profundis' | 'pentographer' | 'pendra'

/** The headers in which the five services look for a credential. */
export type CredentialHeader = 'authorization' | 'x-api-key'
