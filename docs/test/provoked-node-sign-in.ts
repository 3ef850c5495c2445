import { createServer } from 'node:net'
import { memoryStore, pentographer, profundis, type Service } from '@pentauth/core'
import { type NodeSignInOptions, signIn, switchAccount } from '@pentauth/node'
import { onTestFinished } from 'vitest'

/** Ways to the errors of a sign-in from a terminal, at a service on this machine. */
export function nodeSignInProvocations(here: (service: Service) => Service) {
  const at = (more: Partial<NodeSignInOptions>) =>
    signIn(here(profundis), { store: memoryStore(), env: {}, present: () => undefined, ...more })
  return {
    sign_in_failed: [
      async () => {
        const other = createServer()
        onTestFinished(() => void other.close())
        const port = await new Promise<number>((resolve) => {
          other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
        })
        return at({ port })
      },
      () => at({ timeout: 0.1 }),
      () => {
        // A program that listens itself goes on, and so does this test.
        const listen = () => undefined
        process.on('SIGINT', listen)
        onTestFinished(() => void process.removeListener('SIGINT', listen))
        return at({ present: () => void process.emit('SIGINT') })
      },
    ],
    sign_in_required: [
      () => signIn(here(profundis), { store: memoryStore(), env: { CI: 'true' } }),
      () => switchAccount(profundis, 'work', { store: memoryStore() }),
    ],
    invalid_option: [
      () => at({ redirectUri: 'https://app.example/callback' }),
      () => signIn(here(pentographer), { store: memoryStore(), env: {} }),
    ],
  }
}
