import { startSignIn } from '@pentauth/core'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn, signInAsError } from '../src/index.ts'
import { both, connect, connectStock, type OfficialClient } from './support/clients.ts'
import { redirectUri, type SmallWorld, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// Servers that change behind a client's back: another authorization server, and one that has lost its registrations.

const list = (client: OfficialClient) => client.listTools()
const failureOf = async (work: Promise<unknown>) => pentauthErrorIn(await caught(work))
const asError = (world: SmallWorld) => signInAsError({ ...world.shared, redirectUri, client: { name: 'Test' } })

/** All that a server got, as text. */
const allOf = (seen: readonly { path: string; query: URLSearchParams; headers: Headers; body: string }[]) =>
  seen.map(({ path, query, headers, body }) => `${path} ${query} ${[...headers].join()} ${body}`).join('\n')

describe.each(both)('%s: a server that moves its authorization server', (kind) => {
  // The old one may go on renewing, refuse to, or be there no more.
  const fates: readonly (readonly [string, (world: SmallWorld) => void])[] = [
    ['goes on renewing', () => undefined],
    ['refuses', ({ issuer }) => issuer.clients.clear()],
    ['is there no more', ({ issuer }) => void issuer.instead.push((response) => response.writeHead(404).end())],
  ]
  it.each(fates)('the session ends with one sign-in, which goes to the new one; the old one %s', async (_, happens) => {
    const world = await smallWorld()
    await world.signIn()
    const signIn = asError(world)
    const client = await connect(kind, world.auth(), { signIn })
    await list(client)
    const old = [...world.issuer.valid, ...world.issuer.clients]
    const { issuer, home } = await world.move()
    happens(world)

    const failures = await Promise.all([1, 2, 3].map(() => failureOf(list(client))))
    expect(failures.map((failure) => failure?.code)).toEqual(Array(3).fill('sign_in_required'))
    expect(new Set(failures.map((failure) => failure?.signIn?.url)).size).toBe(1)
    const page = new URL(failures[0]?.signIn?.url ?? '')
    expect(page.origin).toBe(home.origin)
    expect(issuer.clients).toContain(page.searchParams.get('client_id'))
    expect(world.issuer.refreshes()).toBeLessThanOrEqual(1)

    await failures[0]?.signIn?.complete(issuer.approve(page))
    expect((await list(client)).tools).toHaveLength(1)
    for (const secret of old) expect(allOf(home.seen).includes(secret), 'nothing of the old one').toBe(false)
    expect(home.at('/register')).toHaveLength(1)
  })

  it('without a way to sign in it says so, and the next sign-in finds the new one', async () => {
    const world = await smallWorld()
    await world.signIn()
    const client = await connect(kind, world.auth())
    const { home } = await world.move()
    expect(await failureOf(list(client))).toMatchObject({ code: 'credential_refused', status: 401 })
    await world.signIn()
    expect((await list(client)).tools).toHaveLength(1)
    expect(home.at('/token')).toHaveLength(1)
  })

  it('a client that was registered by hand goes to no other server', async () => {
    const client = { clientId: 'client-0', issuer: '' }
    const world = await smallWorld()
    client.issuer = world.home.origin
    await world.signIn({ client })
    const { home } = await world.move()
    const error = await caught(startSignIn(world.service, { ...world.shared, redirectUri, client }))
    expect(error).toMatchObject({ code: 'registration_failed' })
    const signIn = signInAsError({ ...world.shared, redirectUri, client })
    expect(await failureOf(connect(kind, world.auth(), { signIn }))).toMatchObject({ code: 'registration_failed' })
    expect(allOf(home.seen)).not.toContain('client-0')
  })

  it('its twin: with what was discovered kept, as both SDKs advise, the stock client never notices', async () => {
    const world = await smallWorld()
    const provider = stockProvider()
    await caught(connectStock(kind, world.url, { authProvider: provider }))
    const { home } = await world.move()
    await caught(connectStock(kind, world.url, { authProvider: provider }))
    expect(provider.pages.map(({ origin }) => origin)).toEqual([world.home.origin, world.home.origin])
    expect(home.seen).toEqual([])
  })
})

describe.each(both)('%s: an authorization server that forgot its clients', (kind) => {
  it('refuses the renewal: one sign-in, with another client', async () => {
    const world = await smallWorld()
    await world.signIn()
    const signIn = asError(world)
    const client = await connect(kind, world.auth(), { signIn })
    world.issuer.clients.clear()
    world.issuer.valid.clear()
    const failures = await Promise.all([1, 2, 3].map(() => failureOf(list(client))))
    expect(new Set(failures.map((failure) => failure?.signIn?.url)).size).toBe(1)
    expect(world.home.at('/register')).toHaveLength(2)
    expect(world.issuer.refreshes()).toBe(1)
    await failures[0]?.signIn?.complete(world.issuer.approve(failures[0].signIn.url))
    expect((await list(client)).tools).toHaveLength(1)
  })

  it('refuses the code: the next sign-in has another client', async () => {
    const world = await smallWorld()
    const signIn = asError(world)
    const first = (await failureOf(connect(kind, world.auth(), { signIn })))?.signIn
    world.issuer.clients.clear()
    const callback = world.issuer.approve(first?.url ?? '')
    expect(await caught(first?.complete(callback) ?? Promise.reject(new TypeError()))).toMatchObject({
      code: 'client_refused',
    })
    const second = (await failureOf(connect(kind, world.auth(), { signIn })))?.signIn
    expect(new URL(second?.url ?? '').searchParams.get('client_id')).not.toBe(
      new URL(first?.url ?? '').searchParams.get('client_id'),
    )
    await second?.complete(world.issuer.approve(second.url))
    expect((await list(await connect(kind, world.auth(), { signIn }))).tools).toHaveLength(1)
    expect(world.home.at('/register')).toHaveLength(2)
  })
})
