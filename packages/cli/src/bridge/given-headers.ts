import { apiKey, type CredentialSource, PentauthError } from '@pentauth/core'
import { type Environment, expandVariables } from '@pentauth/node'
import type { ServiceOptions } from '../service-options.ts'

/** What the headers of the command line come to. */
export interface GivenHeaders {
  /** What is known of the server by them. */
  readonly server: Pick<ServiceOptions, 'headers' | 'apiKeyEnv' | 'apiKeyHeader'>
  /** The key in one of them: it is a credential like others, and refused as one. */
  readonly credential?: CredentialSource
  /** Names of those whose value stands on the command line itself, and may be secret. */
  readonly readable: readonly string[]
}

/**
 * Reads headers as `Name: value` or `Name:value`, with `${VARIABLE}` in the value.
 *
 * @throws PentauthError `invalid_option`.
 */
export function givenHeaders(given: readonly string[], env: Environment): GivenHeaders {
  const all = given.map(headerIn)
  const headers: Record<string, string> = {}
  let key: Pick<GivenHeaders, 'credential'> & Pick<ServiceOptions, 'apiKeyEnv' | 'apiKeyHeader'> = {}
  for (const { name, value } of all) {
    const where = `The header ${name}`
    const text = expandVariables(value, { env, where }).trim()
    if (!/^[\x20-\x7e]*$/.test(text)) throw unusable(`${where} has characters that cannot be sent.`)
    if (name === 'authorization' || name === 'x-api-key') {
      const credential = apiKey(name === 'authorization' ? bearerIn(text) : text, { name: `--header ${name}` })
      // A server by its address says by that which header its keys travel in.
      const apiKeyEnv = /\$\{(\w+)/.exec(value)?.[1] ?? 'PENTAUTH_BRIDGE_KEY'
      key = { credential, apiKeyEnv, apiKeyHeader: name }
    } else headers[name] = text
  }
  const { credential, ...server } = key
  return {
    server: { ...server, ...(Object.keys(headers).length > 0 ? { headers } : {}) },
    ...(credential ? { credential } : {}),
    readable: all.filter(({ name, value }) => mayBeSecret.test(name) && !value.includes('${')).map(({ name }) => name),
  }
}

interface Header {
  readonly name: string
  readonly value: string
}

function headerIn(text: string): Header {
  const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(text) ?? []
  const own = name.trim().toLowerCase()
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(own)) throw unusable('A header is not of the form Name:value.')
  if (protocolsOwn.test(own)) throw unusable(`The header ${own} is the protocol's own.`)
  return { name: own, value: value.trim() }
}

const protocolsOwn = /^(?:cookie|host|dpop|content-type|content-length|accept|mcp-.*|last-event-id)$/
const mayBeSecret = /auth|key|token|secret|password|credential|signature|cookie/

function bearerIn(text: string): string {
  const [, scheme = 'Bearer', key = ''] = /^(?:([\w-]+)\s+)?(\S*)$/.exec(text) ?? []
  if (/^bearer$/i.test(scheme) && key) return key
  throw unusable('The header authorization holds no Bearer credential.')
}

/** Never with a value: it may be a secret. */
function unusable(message: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message,
    hint: `Give it as --header 'Name:\${VARIABLE}', with the variable in the environment.`,
  })
}
