// The public contract of @pentauth/node and @pentauth/sandbox: this file is compiled, not run.
import { pensyve } from '@pentauth/core/services'
import { type Auth, apiKey, createAuth, relocate } from '@pentauth/node'
import { createSandbox } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { listen } from '@pentauth/sandbox/server'

export function node(): void {
  const auth: Auth = createAuth(pensyve)
  const configured: Auth = createAuth(pensyve, {
    env: process.env,
    envFile: '.env.local',
    credential: apiKey('psy_your_key_here'),
  })
  void [auth, configured]
}

export async function sandbox(): Promise<void> {
  const sandbox = createSandbox()
  const response: Response = await sandbox.fetch(new Request('https://api.pensyve.com/v1/health'))
  const { key } = sandbox.keys.create('pensyve')
  sandbox.clock.advance(1000)
  sandbox.faults.add({ service: 'pensyve', status: 503 })
  void [response, key, sandbox.accounts, sandbox.journal.entries, handlers(sandbox)]
  relocate(pensyve, (await listen(sandbox)).origins)
}
