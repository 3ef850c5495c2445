import { type PentauthErrorCode, pendium, pendra, pensyve, type Service } from '@pentauth/core'
import { clientConfig } from '@pentauth/mcp'
import { testKey } from '@pentauth/tooling/canary'

type Ways = readonly (() => unknown)[]

/** Ways to the errors of `clientConfig`. */
export function clientConfigProvocations(): Partial<Record<PentauthErrorCode, Ways>> {
  const present = (existing: string, client: 'cursor' | 'codex' | 'continue' | 'vscode' = 'cursor') =>
    clientConfig(pensyve, client, { existing })
  const secret = testKey.pensyve('in the file')
  const withKey: Service = { ...pensyve, apiKey: { env: secret, rotation: { method: 'replace' } } }
  return {
    invalid_option: [
      () => clientConfig(pendra, 'cursor'),
      () => clientConfig(pensyve, 'netscape' as never),
      () => clientConfig(pensyve, 'cursor', { resource: 'rest' }),
      () => clientConfig(pensyve, 'cursor', { name: 'two words' }),
      () => clientConfig(pensyve, 'cursor', { os: 'windows' as never }),
      () => clientConfig(pensyve, 'cursor', { scope: 'local' as never }),
      () => clientConfig(pensyve, 'windsurf', { scope: 'project' }),
      () => clientConfig(pensyve, 'cursor', { home: '' }),
      () => clientConfig(pensyve, 'cursor', { variable: secret }),
      () => clientConfig(withKey, 'cursor', { credential: 'api-key' }),
      () => clientConfig(withKey, 'cursor', { credential: 'bridge' }),
      () => clientConfig(pensyve, 'cursor', { header: 'x-api-key' }),
      () => clientConfig(pensyve, 'cursor', { launcher: [] }),
      () => clientConfig(pensyve, 'zed', { launcher: ['a&b'], os: 'win32' }),
      () => clientConfig(pensyve, 'cursor', { existing: 5 as never }),
      () => clientConfig(pendium, 'cursor', { credential: 'api-key' }),
      () => clientConfig(pensyve, 'zed', { credential: 'api-key' }),
      () => present(`{"mcpServers":{"pensyve":{"headers":{"Authorization":"Bearer ${secret}"}}}}`),
      () => present(`{"mcpServers":{"other":"${secret}}`),
      () => present(`["${secret}"]`),
      () => present(`{"mcpServers":["${secret}"]}`),
      () => present(`{"mcpServers":{},"mcpServers":{"a":"${secret}"}}`),
      () => present(`{"inputs":"${secret}"}`, 'vscode'),
      () => present(`a = "${secret}`, 'codex'),
      () => present(`mcp_servers = { other = "${secret}" }`, 'codex'),
      () => present(`a: "${secret}`, 'continue'),
      () => present(`a: 1\n---\nb: ${secret}`, 'continue'),
    ],
  }
}
