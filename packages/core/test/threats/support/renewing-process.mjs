// One process of several that share a sign-in: waits for the others, calls the resource, and says what the calls came to.
import { createAuth, defineService, signedIn } from '@pentauth/core'

const [origin, kind] = process.argv.slice(2)
const url = `${origin}/mcp`
const entry = (key) => `${origin}/store?${new URLSearchParams({ key })}`

/** The store and the lock of all of them, on the server of the test. */
const store = {
  async get(key) {
    const response = await fetch(entry(key))
    return response.status === 404 ? undefined : response.text()
  },
  set: async (key, value) => void (await fetch(entry(key), { method: 'PUT', body: value })),
  delete: async (key) => void (await fetch(entry(key), { method: 'DELETE' })),
}
const lock = async (name, run) => {
  const held = `${origin}/lock?${new URLSearchParams({ name })}`
  await fetch(held, { method: 'POST' })
  try {
    return await run()
  } finally {
    await fetch(held, { method: 'DELETE' })
  }
}

function ours() {
  const service = defineService({
    id: 'acme',
    name: 'Acme',
    resources: { mcp: { url, protocol: 'mcp', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs' } },
  })
  return createAuth(service, { credential: signedIn({ store, lock }) }).fetch
}

/** Renews once among its own calls, and has one defect: no lock; no second look in the lock; or it saves when it has used. */
function simple({ withLock = true, savesLate = false }) {
  let renewal
  const key = `session/${encodeURIComponent(url)}/default/default`
  const read = async () => JSON.parse(await store.get(key))
  const renew = async () => {
    const session = await read()
    const ask = async () => {
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: session.refreshToken })
      const response = await fetch(session.tokenEndpoint, { method: 'POST', body: form })
      if (!response.ok) throw Object.assign(new Error('refused'), { code: 'sign_in_required' })
      const { access_token, refresh_token } = await response.json()
      const next = JSON.stringify({ ...session, accessToken: access_token, refreshToken: refresh_token })
      if (savesLate) await fetch(url, { headers: { authorization: `Bearer ${access_token}` } })
      await store.set(key, next)
      return access_token
    }
    return withLock ? lock(key, ask) : ask()
  }
  return async () => {
    const send = (token) => fetch(url, { headers: { authorization: `Bearer ${token}` } })
    const response = await send((await read()).accessToken)
    if (response.status !== 401) return response
    renewal ??= renew()
    return send(await renewal)
  }
}

const kinds = {
  ours,
  unlocked: () => simple({ withLock: false }),
  unread: () => simple({}),
  hasty: () => simple({ savesLate: true }),
}
const call = kinds[kind]()
await fetch(`${origin}/ready`)
const outcomes = await Promise.all(
  Array.from({ length: 10 }, () =>
    call(url).then(
      ({ status }) => String(status),
      ({ code }) => String(code),
    ),
  ),
)
process.stdout.write(JSON.stringify(outcomes))
