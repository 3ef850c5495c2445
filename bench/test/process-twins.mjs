// Subjects for the processes bench whose outcome is known: one that does it right, and three with a defect each.
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'

const fileIn = (/** @type {{ folder: string }} */ { folder }) => join(folder, 'session.json')
const read = (/** @type {{ folder: string }} */ place) => JSON.parse(readFileSync(fileIn(place), 'utf8'))

/** @param {{ folder: string }} place @param {object} session */
function write(place, session) {
  const draft = `${fileIn(place)}.${process.pid}`
  writeFileSync(draft, JSON.stringify(session))
  renameSync(draft, fileIn(place))
}

/**
 * A lock that nobody takes from the dead.
 * @param {{ folder: string }} place
 * @param {() => Promise<void>} work
 */
async function locked({ folder }, work) {
  const lock = join(folder, 'lock')
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      await setTimeout(5)
    }
  }
  await work().finally(() => rmdirSync(lock))
}

/**
 * @param {object} defects
 * @param {boolean} [defects.unlocked] everybody renews
 * @param {boolean} [defects.early] what is to be renewed was read before the lock was taken
 * @returns {import('../process-worker.mjs').Subject}
 */
function twin({ unlocked = false, early = false }) {
  return {
    async save(place, session) {
      mkdirSync(place.folder, { recursive: true })
      write(place, session)
    },
    async open(place, fetch = globalThis.fetch) {
      const before = read(place)
      const renew = async () => {
        const now = early ? before : read(place)
        if (now.expiresAt > Date.now()) return
        const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: now.refreshToken })
        const response = await fetch(`${place.origin}/token`, { method: 'POST', body })
        const tokens = /** @type {any} */ (await response.json())
        if (!response.ok) throw new Error(tokens.error)
        write(place, {
          accessToken: tokens.access_token,
          refreshToken: tokens.refresh_token,
          expiresAt: Date.now() + 60_000,
        })
      }
      return {
        async call() {
          if (read(place).expiresAt < Date.now()) await (unlocked ? renew() : locked(place, renew))
          return (await fetch(place.url, { headers: { authorization: `Bearer ${read(place).accessToken}` } })).json()
        },
      }
    },
    held: async (place) => read(place).refreshToken,
  }
}

export const subjects = { right: twin({}), unlocked: twin({ unlocked: true }), early: twin({ early: true }) }
