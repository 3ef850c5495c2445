import type { Sandbox } from '@pentauth/sandbox'
import { vi } from 'vitest'

/** What a reader has who followed the README: a key or client of each service in the environment. */
export function giveCredentials({ keys, clients }: Sandbox): void {
  vi.stubEnv('PENDIUM_API_KEY', keys.create('pendium').key)
  vi.stubEnv('PENSYVE_API_KEY', keys.create('pensyve').key)
  vi.stubEnv('PROFUNDIS_API_KEY', keys.create('profundis').key)
  vi.stubEnv('PENDRA_API_KEY', keys.create('pendra').key)
  const { clientId, clientSecret } = clients.create('pentographer')
  vi.stubEnv('PENTOGRAPHER_CLIENT_ID', clientId)
  vi.stubEnv('PENTOGRAPHER_CLIENT_SECRET', clientSecret)
}
