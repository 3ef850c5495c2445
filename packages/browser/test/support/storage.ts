import { onTestFinished } from 'vitest'

/** Puts something in the place of a global for the rest of a test. */
export function replaceGlobal(
  name: 'indexedDB' | 'sessionStorage' | 'localStorage',
  descriptor: PropertyDescriptor,
): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { configurable: true, ...descriptor })
  onTestFinished(() => {
    delete (globalThis as Record<string, unknown>)[name]
    if (own) Object.defineProperty(globalThis, name, own)
  })
}

/** A global that the browser does not let anybody touch. */
export function blockGlobal(name: 'indexedDB' | 'sessionStorage' | 'localStorage'): void {
  replaceGlobal(name, {
    get() {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    },
  })
}
