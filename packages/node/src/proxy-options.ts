import type { ProxyProblem } from './proxy-problem.ts'
import type { ProxyRule } from './proxy-rules.ts'

/** Who asks: `true` or a name for a caller who may, a `Response` for one who is to hear something of yours, else nobody. */
export type ProxyCaller = boolean | string | Response | null | undefined

export interface ProxyOptions {
  /** All that may be asked for, such as `POST /chat/completions`; nothing else is sent. */
  readonly allow: readonly (string | ProxyRule)[]
  /** Says who asks, from the request without its body: by a cookie, a token, an address. */
  readonly authorize: (request: Request) => ProxyCaller | Promise<ProxyCaller>
  /** The name of the resource that is used; may be left out where the service has only one. */
  readonly resource?: string | undefined
  /** The path that the app has it at, such as `/api/pendra`: what comes behind it comes behind the resource's URL. */
  readonly prefix?: string | undefined
  /** Origins of other sites whose pages may use it, with their cookies; none unless given. */
  readonly origins?: readonly string[] | undefined
  /** The largest body in bytes; 10 MiB unless given. */
  readonly largestBody?: number | undefined
  /** Told of each request, without any secret; once more where an answer on its way is cut off, since it repeats the credential. */
  readonly onEvent?: ((event: ProxyEvent) => void) | undefined
}

export interface ProxyEvent {
  readonly method: string
  readonly path: string
  /** What the app was answered. */
  readonly status: number
  /** Where `authorize` named one. */
  readonly caller: string | undefined
  /** Absent where the service's own answer was passed on. */
  readonly problem: ProxyProblem | undefined
  /** What the service answered, where that was not passed on, or not all of it. */
  readonly serviceStatus: number | undefined
  /** What went wrong, for the operator: the app is not told. An error of ours, or whatever `authorize` threw. */
  readonly error: unknown
}
