import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sandbox } from '@pentauth/sandbox'
import { onTestFinished, vi } from 'vitest'

/** What a reader has who followed the README: a key or client of each service in the environment, and a home for sign-ins. */
export function giveCredentials({ keys, clients }: Sandbox): void {
  const home = mkdtempSync(join(tmpdir(), 'pentauth-home-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  vi.stubEnv('PENTAUTH_HOME', home)
  vi.stubEnv('PENDIUM_API_KEY', keys.create('pendium').key)
  vi.stubEnv('PENSYVE_API_KEY', keys.create('pensyve').key)
  vi.stubEnv('PROFUNDIS_API_KEY', keys.create('profundis').key)
  vi.stubEnv('PENDRA_API_KEY', keys.create('pendra').key)
  const { clientId, clientSecret } = clients.create('pentographer')
  vi.stubEnv('PENTOGRAPHER_CLIENT_ID', clientId)
  vi.stubEnv('PENTOGRAPHER_CLIENT_SECRET', clientSecret)
}
