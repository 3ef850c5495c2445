import { SandboxError } from './sandbox-error.ts'
import type { ServiceName } from './service-name.ts'

/** Which requests a fault is for: those that agree with every field given. */
export interface FaultMatch {
  readonly service?: ServiceName | undefined
  /** A documented origin, such as `https://api.pensyve.com`. */
  readonly origin?: string | undefined
  readonly method?: string | undefined
  /** An exact path, a prefix that ends with `*`, or a pattern for the path. */
  readonly path?: string | RegExp | undefined
  /** How many requests it meets (default: every one until it is removed). */
  readonly times?: number | undefined
  /** A pause before the answer, in real milliseconds; alone, the service then answers as always. */
  readonly delay?: number | undefined
  /** `false`: no page of another origin may read the answer, nor ask for it; alone, the service then answers as always. */
  readonly cors?: false | undefined
}

/** An answer of your own; a body that is not a string is sent as JSON. */
export interface FaultAnswer {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: unknown
}

/** What happens instead of the service's answer; only one of the four. */
export type FaultEffect =
  | (FaultAnswer & { readonly drop?: undefined; readonly garbage?: undefined; readonly redirect?: undefined })
  | {
      /** The connection breaks before the service hears of it, or (`response`) after it did all and before it answers. */
      readonly drop: true | 'response'
      readonly status?: undefined
      readonly garbage?: undefined
      readonly redirect?: undefined
    }
  | {
      /** An answer that says it is JSON and is not. */
      readonly garbage: true
      readonly status?: number | undefined
      readonly drop?: undefined
      readonly redirect?: undefined
    }
  | {
      /** A redirect to this URL (status 307 unless given). */
      readonly redirect: string
      readonly status?: number | undefined
      readonly drop?: undefined
      readonly garbage?: undefined
    }

/**
 * A scripted fault. A browser's preflight is met only by faults with the method `OPTIONS` or `cors: false`, so that `times`
 * counts what the program asked.
 */
export type Fault = FaultMatch & FaultEffect

/** Faults to script: the first one that matches a request is applied to it. */
export interface Faults {
  /**
   * Adds a fault, before the service looks at the request.
   *
   * @throws {SandboxError} `invalid_fault`: nothing is to happen, or `times` is not a positive integer
   * @example
   * sandbox.faults.add({ service: 'pensyve', path: '/v1/recall', times: 2, status: 503 })
   */
  add(fault: Fault): { remove(): void }
  clear(): void
}

/** The faults, with the side that only the kernel uses. */
export interface FaultScript extends Faults {
  /** The fault for this request, counted as used; `asked` is the method that a preflight asks to use. */
  take(service: ServiceName, method: string, url: URL, asked?: string): Fault | undefined
}

/** Makes the fault script of one sandbox. */
export function createFaults(): FaultScript {
  const active = new Map<symbol, { readonly fault: Fault; left: number }>()
  return {
    add(fault) {
      if (!doesSomething(fault) || !((fault.times ?? 1) > 0)) {
        throw new SandboxError({
          code: 'invalid_fault',
          message: 'A fault needs something to happen, and at least one request to meet.',
          hint: 'Give one of status, headers, body, drop, garbage, redirect, delay or cors, and a positive `times` or none.',
        })
      }
      const id = Symbol('fault')
      active.set(id, { fault, left: fault.times ?? Infinity })
      return { remove: () => void active.delete(id) }
    },
    clear: () => active.clear(),
    take(service, method, url, asked) {
      for (const [id, entry] of active) {
        const { cors, method: of } = entry.fault
        if (asked !== undefined && cors !== false && of?.toUpperCase() !== 'OPTIONS') continue
        const met = asked !== undefined && cors === false ? asked : method
        if (!matches(entry.fault, service, met, url)) continue
        entry.left -= 1
        if (entry.left <= 0) active.delete(id)
        return entry.fault
      }
      return undefined
    },
  }
}

/** The answer a fault gives; undefined when it only delays or drops. */
export function faultResponse(fault: Fault): Response | undefined {
  if (fault.drop !== undefined) return undefined
  if (fault.redirect !== undefined) {
    return new Response(null, { status: fault.status ?? 307, headers: { location: fault.redirect } })
  }
  if (fault.garbage === true) {
    const headers = { 'content-type': 'application/json' }
    return new Response('{"unfinished": "<html>\u0000', { status: fault.status ?? 200, headers })
  }
  return answers(fault) ? ownAnswer(fault) : undefined
}

function ownAnswer({ status = 200, headers = {}, body }: FaultAnswer): Response {
  if (body === undefined || typeof body === 'string') return new Response(body ?? null, { status, headers })
  return Response.json(body, { status, headers })
}

function answers({ status, headers, body }: FaultAnswer): boolean {
  return status !== undefined || headers !== undefined || body !== undefined
}

function doesSomething(fault: Fault): boolean {
  return (
    answers(fault) ||
    fault.drop !== undefined ||
    fault.garbage === true ||
    fault.redirect !== undefined ||
    fault.delay !== undefined ||
    fault.cors === false
  )
}

function matches(fault: Fault, service: ServiceName, method: string, url: URL): boolean {
  if (fault.service !== undefined && fault.service !== service) return false
  if (fault.origin !== undefined && fault.origin !== url.origin) return false
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false
  if (fault.path === undefined) return true
  // A fresh start: a pattern with the `g` flag remembers where it stopped.
  if (typeof fault.path !== 'string')
    return new RegExp(fault.path.source, fault.path.flags.replace(/[gy]/g, '')).test(url.pathname)
  if (fault.path.endsWith('*')) return url.pathname.startsWith(fault.path.slice(0, -1))
  return url.pathname === fault.path
}
