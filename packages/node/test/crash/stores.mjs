// The stores that are put to the test: ours, and two with the defects of many a client.
import { mkdirSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as node from '@pentauth/node'

/**
 * Keeps each value in a file of its own.
 * @param {string} folder
 * @param {(file: string, value: string) => Promise<void>} save
 * @returns {import('@pentauth/core').Store}
 */
function simple(folder, save) {
  mkdirSync(folder, { recursive: true })
  const fileOf = (/** @type {string} */ key) => join(folder, encodeURIComponent(key))
  return {
    get: (key) =>
      readFile(fileOf(key), 'utf8').catch((error) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      }),
    set: (key, value) => save(fileOf(key), value),
    delete: (key) => rm(fileOf(key), { force: true }),
    keys: async (prefix) => {
      const names = (await readdir(folder)).filter((name) => !name.endsWith('.tmp'))
      return names.map(decodeURIComponent).filter((key) => key.startsWith(prefix))
    },
  }
}

let count = 0

/** @type {Record<string, (folder: string, note: (event: { type: string }) => void) => import('@pentauth/core').Store>} */
export const stores = {
  ours: (folder, onEvent) => node.fileStore({ folder, onEvent }),
  /** Half of a file may be there, or none of it. */
  'in place': (folder) => simple(folder, (file, value) => writeFile(file, value)),
  /** Never half a file, but what a dead process began stays for ever, and the power may fail before it is written. */
  'not cleaned': (folder) =>
    simple(folder, async (file, value) => {
      const temporary = `${file}.${process.pid}.${count++}.tmp`
      await writeFile(temporary, value)
      await rename(temporary, file)
    }),
}
