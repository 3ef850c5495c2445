import type { Auth } from '@pentauth/core'
import { onTestFinished } from 'vitest'
import {
  type ConnectOptions,
  type Kind,
  type Official,
  type OfficialClient,
  official,
  officialBy,
  stockTransport,
} from './official.ts'

export { both, kinds, type OfficialClient, stockTransport } from './official.ts'

/** Connects an official client by the adapter, until the test is over. */
export function connect(kind: Kind, auth: Auth, options: ConnectOptions = {}): Promise<OfficialClient> {
  return connected(official(kind, auth, options))
}

/** Connects an official client as its own documents do, until the test is over. */
export function connectStock(kind: Kind, url: string, options: object): Promise<OfficialClient> {
  return connected(officialBy(kind, stockTransport(kind, url, options)))
}

function connected({ client, connect }: Official): Promise<OfficialClient> {
  onTestFinished(() => client.close())
  return connect()
}
