import { onTestFinished } from 'vitest'

/** Shows and hides the page, until the test is over. */
export function visibility(): { set(state: DocumentVisibilityState, isTold?: boolean): void } {
  let current: DocumentVisibilityState = 'visible'
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => current })
  onTestFinished(() => Reflect.deleteProperty(document, 'visibilityState') as never)
  return {
    set(state, isTold = true) {
      current = state
      if (isTold) document.dispatchEvent(new Event('visibilitychange'))
    },
  }
}
