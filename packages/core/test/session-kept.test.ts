import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { caught } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import type { Store } from '../src/store.ts'
import { tokenOf, world } from './support/session.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

it('a sign-out that failed still knows what it has to revoke when nothing else of the session is left in memory', async () => {
  const made = world()
  const { refreshToken } = await made.signIn()
  let isLost = true
  const store: Store = {
    ...made.elsewhere(),
    delete: async (key) => {
      await made.store.delete(key)
      if (isLost) throw new Error('connection lost')
    },
  }
  await tokenOf(made.auth({ store }))
  expect((await caught(made.signOut({ store }))).code).toBe('store_failed')
  isLost = false
  for (let turn = 0; turn < 3; turn++) {
    // What was used in a turn of the event loop is not collected in it.
    await new Promise((resolve) => setTimeout(resolve))
    collect()
  }
  await made.signOut({ store })
  expect(made.issuer.revoked).toEqual([refreshToken])
})
