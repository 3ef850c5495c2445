import type { Emit, EventListener, PentauthEvent } from './events.ts'

/** Tells a listener of what happens at a service. */
export function emitter(service: string, listener: EventListener | undefined): Emit {
  if (!listener) return undefined
  return (facts) => {
    // Behind a turn: a listener that makes a call of its own must find everything settled that it was told of. One that fails, at once
    // or later, must not fail the request it only watches.
    void Promise.resolve({ service, ...facts } as PentauthEvent)
      .then(listener)
      .catch(() => undefined)
  }
}

/** A URL as events show it: origin and path. */
export function urlForEvent(url: URL): string {
  return url.origin + url.pathname
}
