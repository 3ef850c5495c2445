// A store as it is written in an afternoon: it does what it should, as long as nothing happens.
import { join } from 'node:path'

/** @param {string} folder */
export function plainStore(folder) {
  const fs = process.getBuiltinModule('node:fs/promises')
  const at = (key) => join(folder, `${encodeURIComponent(key)}.json`)
  return {
    get: async (key) => {
      const text = await fs.readFile(at(key), 'utf8').catch(({ code }) => {
        if (code !== 'ENOENT') throw new Error(code)
      })
      return text === undefined ? undefined : JSON.parse(text).value
    },
    set: async (key, value) => {
      await fs.mkdir(folder, { recursive: true })
      const file = await fs.open(at(key), 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify({ version: 1, key, value }))
      } finally {
        await file.close()
      }
    },
    delete: (key) => fs.rm(at(key), { force: true }),
    withLock: (_, run) => run(),
  }
}

/** The same, with a name beside the file that everybody can foresee. */
export function tempStore(folder) {
  const fs = process.getBuiltinModule('node:fs/promises')
  const store = plainStore(folder)
  const set = async (key, value) => {
    const path = join(folder, `${encodeURIComponent(key)}.json`)
    await fs.writeFile(`${path}.tmp`, JSON.stringify({ version: 1, key, value }), { mode: 0o600 })
    await fs.rename(`${path}.tmp`, path)
  }
  return { ...store, set }
}
