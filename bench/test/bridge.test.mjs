// Bridges that must come to grief: a bench that everybody passes shows nothing.
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isMet, measure } from '../bridge.mjs'
import { ours } from '../bridge-client.mjs'
import { startWorld } from '../oauth-client.mjs'

/** @type {import('../oauth-client.mjs').World} */
let world
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('pentauth-bench-'))
const good = { bridges: 2, calls: 20, ok: 20, tokenRequests: 1, openings: 0 }

it.each(/** @type {const} */ (['expired', 'revoked early']))(
  'ours: %s',
  async (name) => {
    const before = folders()
    const row = await measure(world, ours, name)
    expect(row).toEqual({ subject: 'pentauth', case: name, ...good })
    expect(folders().filter((folder) => !before.includes(folder))).toEqual([])
  },
  60_000,
)

it('two bridges that share no sign-in send the person away twice, and meet no goal', async () => {
  let started = 0
  const strangers = {
    ...ours,
    name: 'strangers',
    /** @param {string} folder */
    env: (folder) => ours.env(`${folder}/${++started}`),
  }
  const row = await measure(world, strangers, 'expired')
  expect(row).toMatchObject({ ok: 20, tokenRequests: 2 })
  expect(isMet({ ...row })).toBe(false)
}, 60_000)

it('a bridge that does not start is said to be one, with what it wrote', async () => {
  const path = fileURLToPath(new URL('nowhere.mjs', import.meta.url))
  const broken = { ...ours, name: 'broken', args: () => [path] }
  await expect(measure(world, broken, 'expired')).rejects.toThrow(/^broken did not start: [\s\S]*nowhere\.mjs/)
})

it('the goal is missed by one call, one token request or one opening', () => {
  const row = { subject: 'x', case: 'x', ...good }
  expect(isMet(row)).toBe(true)
  for (const flaw of [{ ok: 19 }, { tokenRequests: 2 }, { openings: 1 }]) expect(isMet({ ...row, ...flaw })).toBe(false)
})
