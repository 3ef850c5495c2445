// Imports one built entry in a process of its own and writes to file descriptor 3 what that changed.
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** Reading one of these makes Node warn or open a file. */
const UNTOUCHED = new Set(['localStorage', 'sessionStorage'])

// Node makes many globals on first use. That is no effect of the import, so they are used once before.
const names = Object.getOwnPropertyNames(globalThis).filter((name) => !UNTOUCHED.has(name))
for (const name of names) Reflect.get(globalThis, name)

/** @returns {Map<string, unknown>} */
function world() {
  const found = new Map()
  const record = (/** @type {string} */ path, /** @type {object} */ target) => {
    for (const key of Reflect.ownKeys(target)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(target, key) ?? {}
      found.set(`${path}.${String(key)}`, value ?? get ?? set)
    }
  }
  record('globalThis', globalThis)
  for (const name of names) {
    const value = Reflect.get(globalThis, name)
    if (typeof value !== 'function') continue
    record(name, value)
    if (typeof value.prototype === 'object' && value.prototype !== null) record(`${name}.prototype`, value.prototype)
  }
  for (const [name, value] of Object.entries(process.env)) found.set(`process.env.${name}`, value)
  for (const event of process.eventNames())
    found.set(`listeners of process ${String(event)}`, process.listenerCount(event))
  for (const handle of process.getActiveResourcesInfo()) found.set(`open handle ${handle}`, true)
  return found
}

const [kind, file = ''] = process.argv.slice(2)
const before = world()
if (kind === 'require') createRequire(import.meta.url)(file)
else await import(pathToFileURL(file).href)
// What an import starts may start something else a turn later.
await setImmediate()
const after = world()

const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
  (key) => !Object.is(before.get(key), after.get(key)),
)
writeSync(3, JSON.stringify(changed))
