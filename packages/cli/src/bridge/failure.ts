import { PentauthError } from '@pentauth/core'
import { pentauthErrorIn } from '@pentauth/mcp'
import { connectionHint, type Environment } from '@pentauth/node'
import { factsOf } from '../failure.ts'
import { isMessage, type RpcError, rpcCodes } from './message.ts'
import { ServerRefusal } from './session.ts'
import { answerIn } from './wire.ts'

export interface FailurePlace {
  /** The server, for people. */
  readonly name: string
  readonly url: string
  readonly env: Environment
}

/** What a client is told of a request that came to nothing: what happened, whether it may be tried again, and the way out. */
export async function rpcErrorFrom(error: unknown, place: FailurePlace): Promise<RpcError> {
  if (error instanceof ServerRefusal) return error.error
  if (error instanceof RangeError) return refusalOfDepth
  const known = pentauthErrorIn(error)
  if (known) return told(known)
  const { status, text } = answerIn(error)
  return status === undefined ? notReached(error, place) : (serversOwn(text) ?? told(answered(status, text, place)))
}

const refusalOfDepth: RpcError = {
  code: rpcCodes.invalidRequest,
  message: 'The request is nested too deeply to be sent.',
}

/** An answer that will not come: somebody has ended what it would have come by. */
export function brokenOff({ name }: FailurePlace, who: string = name): RpcError {
  return told(
    new PentauthError({
      code: 'network_error',
      message: `${who} ended the connection before ${who === name ? 'it' : name} had answered.`,
      hint: 'It may have done what was asked: try again where doing it twice does no harm.',
      retryable: true,
    }),
  )
}

function told(error: PentauthError): RpcError {
  const { name: _, message, docs: __, ...facts } = factsOf(error)
  return { code: rpcCodes.internal, message: String(message), data: facts }
}

function serversOwn(text: string): RpcError | undefined {
  try {
    const { error } = JSON.parse(text)
    return isMessage({ jsonrpc: '2.0', id: 0, error }) && typeof error.code === 'number' ? error : undefined
  } catch {
    return undefined
  }
}

function answered(status: number, text: string, { name }: FailurePlace): PentauthError {
  const isAway = status >= 500
  const said = /^\s*</.test(text) ? '' : text.trim().slice(0, 200)
  return new PentauthError({
    code: isAway ? 'service_unavailable' : status === 404 ? 'not_found' : 'request_rejected',
    message: `${name} answered with HTTP ${status}${said ? `: ${said}` : '.'}`,
    status,
    hint: isAway ? 'Try again later; the bridge goes on.' : 'Check the address of the MCP server.',
    retryable: isAway,
  })
}

async function notReached(error: unknown, { name, url, env }: FailurePlace): Promise<RpcError> {
  const isNetwork = error instanceof TypeError
  const hint = isNetwork ? await connectionHint(error, url, { env }) : undefined
  const reason = error instanceof Error ? error.message : String(error)
  return told(
    new PentauthError({
      code: isNetwork ? 'network_error' : 'request_rejected',
      message: isNetwork
        ? `${name} could not be reached.`
        : `${name} answered with what is no MCP: ${reason.slice(0, 200)}.`,
      hint: hint ?? (isNetwork ? 'Try again; the bridge goes on.' : 'Check the address of the MCP server.'),
      retryable: isNetwork,
    }),
  )
}
