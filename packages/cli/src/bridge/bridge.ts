import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host.ts'
import { plain } from '../words.ts'
import type { BridgeOptions } from './bridge-options.ts'
import { bridgedServer } from './bridged-server.ts'
import { waitingCalls } from './calls.ts'
import { clientSide } from './client-side.ts'
import { brokenOff, rpcErrorFrom } from './failure.ts'
import {
  type Answer,
  type Id,
  isAnswer,
  isRequest,
  type Message,
  type Request,
  type RpcError,
  refusal,
  rpcCodes,
  speaksNewer,
} from './message.ts'
import { parameterHeaders } from './parameter-headers.ts'
import { patientStreams } from './patient-streams.ts'
import { createSession } from './session.ts'
import { signInWay } from './sign-in-way.ts'
import { toolFilter } from './tool-filter.ts'
import { silence, traffic } from './traffic.ts'
import { createWire } from './wire.ts'

/**
 * Carries MCP between this process's stdin and stdout and a server on the web, with the credential that the server wants, until the
 * client leaves.
 *
 * @throws PentauthError for what cannot be begun at all; what fails later, the client is told.
 */
export async function bridge(name: string, options: BridgeOptions, host: Host): Promise<void> {
  const env = options.debug ? { ...host.env, PENTAUTH_DEBUG: '1' } : host.env
  const server = await bridgedServer(name, options, { ...host, env })
  const over = new AbortController()
  const log = env.PENTAUTH_DEBUG === '1' ? traffic(host.stderr) : silence
  const tools = toolFilter(options.ignoreTool ?? [])
  const parameters = parameterHeaders()
  const calls = waitingCalls()
  const client = clientSide(host)
  if (host.stdin.isTTY)
    host.stderr.write('pentauth bridge: an MCP client is to speak here, a line a message; Ctrl-C ends it.\n')

  const signIn = signInWay(options, { env, command: server.login, signal: over.signal })
  const auth = patientStreams(server.auth, (id) => void session.renew(id).catch(() => undefined))
  const wire = createWire({ auth, signIn, kind: options.transport, broken: () => failAll(brokenOff(server)) })
  const session = createSession(wire, (message) => (isAnswer(message) ? answer(message) : say(message)))

  const say = (message: Message) => {
    log.down(message)
    client.say(message)
  }
  /** To a request of the client, once. */
  const answer = (message: Answer) => {
    const call = calls.take(message.id)
    if (!call) return
    log.down(message, call)
    parameters.learn(call.request, message)
    client.say(tools.shown(call.request, message))
  }
  const fail = (id: Id, error: RpcError) => answer({ jsonrpc: '2.0', id, error })
  const failAll = (error: RpcError) => {
    for (const { request } of calls.all()) fail(request.id, error)
  }

  const ask = (request: Request) => {
    const call = calls.add(request)
    if (!call) return client.say(refusal(request.id, rpcCodes.invalidRequest, 'A request with that id waits already.'))
    const refused = tools.refuse(request)
    if (refused) return answer(refused)
    // The id may be another call's by then.
    const failThis = (error: RpcError) => calls.all().includes(call) && fail(request.id, error)
    const onRequestStreamEnd = () => failThis(brokenOff(server))
    session
      .send(request, { requestSignal: call.signal, onRequestStreamEnd, headers: parameters.of(request) })
      .catch(async (error) => failThis(await rpcErrorFrom(error, server)))
  }
  const heard = (message: Message) => {
    log.up(message)
    if (isRequest(message)) return ask(message)
    const cancelled =
      'method' in message && message.method === 'notifications/cancelled' && calls.cancel(message.params?.requestId)
    // On the newer wire, the end of the request's stream says it.
    if (cancelled && speaksNewer(cancelled.request)) return
    session.send(message).catch(() => undefined)
  }

  // One request that goes wrong in a way that nobody has thought of is no end of the others.
  process.on(
    'unhandledRejection',
    (error) => void host.stderr.write(`pentauth: went on after ${plain(String(error))}\n`),
  )
  const hasSaidAll = client.listen(heard).then(() => atMost(patience, calls.none()))
  await Promise.race([hasSaidAll, stopped()])
  failAll(brokenOff(server, 'The bridge'))
  over.abort()
  client.leave()
  await atMost(farewell, session.end())
  await wire.close()
}

/** How long (ms) requests may take when the client has said all that it has to say. */
const patience = 10_000
/** How long (ms) a server has to hear that the session is over. */
const farewell = 1_000

/** Waits for that, but not for ever, and not for whether it fails. */
async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  await Promise.race([work, sleep(milliseconds, undefined, { signal })]).catch(() => undefined)
  over.abort()
}

/** Until a signal is to end this process. The listeners stay: who waits for a browser listens, too, and would end it before its time. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => resolve())
  })
}
