import { hasMarker } from '@pentauth/tooling/marker'
import { threat } from '@pentauth/tooling/threat'
import { vi } from 'vitest'
import { pensyve } from '../../src/index.ts'
import { texts } from '../support/texts.ts'
import { openWorld, type World } from '../support/world.ts'

// F4 in a page: the sandbox's codes and tokens carry a marker, so that one look at every address finds any of them.

vi.mock('../../src/framed.ts', () => ({ isFramed: () => false }))

const account = `${pensyve.resources.rest.url}/account`

const ours = async (world: World) => {
  const auth = world.open(pensyve)
  await world.signIn(auth)
  await auth.fetch(`${account}?limit=1#part`)
  world.sandbox.clock.advance(900_000)
  await auth.fetch(account)
  await auth.signOut()
}
/** As some write it for downloads and event streams, which take no headers. */
const naive = async ({ sandbox }: World) => {
  const { accessToken } = await sandbox.tokens.issue('pensyve')
  await fetch(`${account}?access_token=${accessToken}`)
}

threat('F4', 'a token in an address', {
  ours,
  twin: naive,
  attack: async (use: (world: World) => Promise<void>) => {
    const world = await openWorld()
    await use(world)
    const addresses = world.requests.map(({ url }) => url)
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    return { addresses, seen: [...addresses, ...loaded, location.href], events: world.events.flatMap(texts) }
  },
  breaches: ({ addresses, seen, events }) => [
    ...(addresses.length > 0 ? [] : ['nothing was asked']),
    ...seen.filter(hasMarker).map((address) => `in ${address.split('?')[0]}`),
    ...events.filter(hasMarker).map(() => 'in an event'),
  ],
})
