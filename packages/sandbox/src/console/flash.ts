import type { BrowserSession } from '../authorization-server/browser-session.ts'
import type { Clock } from '../clock.ts'

// As long as a form: whoever does not come for a new key in this time makes another one.
const lifetime = 10 * 60 * 1000

/** What a page says once, after a form was sent. */
export interface Outcome {
  readonly notice: string
  /** Values that are shown this once, such as a new key. */
  readonly secrets?: readonly { readonly label: string; readonly value: string }[] | undefined
}

/** What waits to be said, one thing for each browser. */
export interface Flashes {
  put(session: BrowserSession, outcome: Outcome): void
  /** What waits for this browser, once: who reloads the page does not see it again. */
  take(session: BrowserSession): Outcome | undefined
}

/** Makes the outcomes that wait between a form and the page it is redirected to. */
export function createFlashes(clock: Clock): Flashes {
  const waiting = new Map<string, { readonly outcome: Outcome; readonly endsAt: number }>()
  const forgetOld = (): void => {
    for (const [id, { endsAt }] of waiting) if (clock.now() >= endsAt) waiting.delete(id)
  }
  return {
    put({ id }, outcome) {
      forgetOld()
      waiting.set(id, { outcome, endsAt: clock.now() + lifetime })
    },
    take({ id }) {
      forgetOld()
      const found = waiting.get(id)?.outcome
      waiting.delete(id)
      return found
    },
  }
}
