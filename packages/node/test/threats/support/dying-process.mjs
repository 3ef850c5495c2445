// Does one thing with a store and dies just before a step of it, as by SIGKILL or a power cut; says how many steps there were if it lives.
import { watchSteps } from './file-steps.mjs'
import { plainStore } from './plain-store.mjs'

const [folder, kind, what, step] = process.argv.slice(2)
const { fileStore } = await import('../../../dist/index.js')
const store = kind === 'ours' ? fileStore({ folder }) : plainStore(folder)
let steps = 0
const stop = await watchSteps((count) => {
  steps = count
  if (count === Number(step)) process.kill(process.pid, 'SIGKILL')
})
const works = {
  set: () => store.set('a', 'new'),
  delete: () => store.delete('a'),
  'locked set': () => store.withLock('a', () => store.set('a', 'new')),
  'locked delete': () => store.withLock('a', () => store.delete('a')),
}
await works[what]()
stop()
process.stdout.write(String(steps))
