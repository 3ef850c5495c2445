// One process of several with a sign-in in one folder: waits for the others, calls the resource, and says what the calls came to.
// It may be killed at a step of what it does with files once a token was answered.
import { createRequire } from 'node:module'
import { watchSteps } from './file-steps.mjs'
import { plainStore } from './plain-store.mjs'

const [origin, folder, kind, step] = process.argv.slice(2)
const { createAuth, defineService, signedIn } = await import('@pentauth/core')
const { fileStore } = await import('../../../dist/index.js')
const url = `${origin}/mcp`
const service = defineService({
  id: 'acme',
  name: 'Acme',
  resources: { mcp: { url, protocol: 'mcp', accessToken: true } },
  errors: [],
  recommendations: [],
  links: { docs: { where: 'Acme docs' } },
})
const kinds = {
  ours: () => fileStore({ folder }),
  'ours in CommonJS': () => createRequire(import.meta.url)('../../../dist/index.cjs').fileStore({ folder }),
  // The default of core: a lock of this process alone.
  unlocked: () => ({ ...fileStore({ folder }), withLock: undefined }),
  plain: () => plainStore(folder),
}
let isAnswered = false
const runtime = {
  fetch: async (...args) => {
    const response = await fetch(...args)
    isAnswered ||= String(args[0]?.url ?? args[0]).endsWith('/token')
    return response
  },
}
const { fetch: call } = createAuth(service, { credential: signedIn({ store: kinds[kind]() }), runtime })
await fetch(`${origin}/ready`)
let steps = 0
await watchSteps(() => {
  if (!isAnswered) return
  steps += 1
  if (steps === Number(step)) process.kill(process.pid, 'SIGKILL')
})
const outcomes = await Promise.all(
  Array.from({ length: 10 }, () =>
    call(url).then(
      ({ status }) => String(status),
      ({ code }) => String(code),
    ),
  ),
)
process.stdout.write(JSON.stringify(outcomes))
