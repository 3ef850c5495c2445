// A process of its own that saves a value in an encrypted store under its own name, once it is told to: node encrypted-process.mjs
// <folder> <name>. What it says is one line of JSON.

import { encryptedFileStore } from '@pentauth/node'

const [folder, name = ''] = process.argv.slice(2)
const store = encryptedFileStore({ folder })
const say = (/** @type {object} */ words) => process.stdout.write(`${JSON.stringify(words)}\n`)
process.stdin.once('data', async () => {
  try {
    await store.set(name, `of ${name}`)
    say({ value: await store.get(name) })
  } catch (error) {
    const { code, message, hint, retryable } = /** @type {any} */ (error)
    say({ code, message, hint, retryable })
  }
  process.stdin.destroy()
})
say({ ready: true })
