import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { failedSignOut, world } from './support/session.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

it('a sign-out that failed still knows what it has to revoke when nothing else of the session is left in memory', async () => {
  const made = world()
  const { store, refreshToken } = await failedSignOut(made)
  for (let turn = 0; turn < 3; turn++) {
    // What was used in a turn of the event loop is not collected in it.
    await new Promise((resolve) => setTimeout(resolve))
    collect()
  }
  await made.signOut({ store })
  expect(made.issuer.revoked).toEqual([refreshToken])
})
