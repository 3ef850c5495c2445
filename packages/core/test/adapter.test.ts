import { testKey } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { adapterFor, errorFrom, pendium, pensyve, withSettings } from '../src/index.ts'

// What adapters to other OAuth clients share with auth.fetch.

const { url } = pensyve.resources.mcp

it('has the client and the gateway headers of the service', async () => {
  const { origin } = new URL(url)
  const service = withSettings(pensyve, {
    client: { clientId: 'notes' },
    gatewayHeaders: { [origin]: { 'cf-id': 'a' } },
  })
  const seen: (string | null)[] = []
  const { client, resource, runtime } = adapterFor(service, `${url}?a=b`, {
    fetch: async (_input, init) => {
      seen.push(new Headers(init?.headers).get('cf-id'))
      return new Response()
    },
  })
  expect([client, resource.name]).toEqual([{ clientId: 'notes' }, 'mcp'])
  await runtime.fetch(url)
  await runtime.fetch('https://elsewhere.example/')
  expect(seen).toEqual(['a', null])
})

it('says where a request may go', async () => {
  const { checkAddress } = adapterFor(pensyve, url)
  expect((await checkAddress('https://login.example/token', 'token_endpoint')).href).toBe('https://login.example/token')
  for (const address of ['http://login.example/token', 'https://10.0.0.1/token', new URL('https://localhost/token')])
    await expect(checkAddress(address, 'token_endpoint')).rejects.toMatchObject({ code: 'unsafe_address' })
})

it('lets errorFrom know whose words an answer has, and which secret it must not repeat', async () => {
  const token = testKey.token()
  const body = {
    error: "Agent with syntheticId=a1 not found or you don't have access. Use the get_account tool to see your agents.",
  }
  const answer = Response.json(body, { status: 401 })
  adapterFor(pendium, pendium.resources.mcp.url).attach(answer, token)
  expect(await errorFrom(answer)).toMatchObject({ code: 'agent_not_accessible', parameters: { syntheticId: 'a1' } })
  const repeating = Response.json({ error: `No: ${token}` }, { status: 403 })
  adapterFor(pendium, pendium.resources.mcp.url).attach(repeating, token)
  expect((await errorFrom(repeating))?.message).not.toContain(token)
})

it('reads 256 KiB of an answer', async () => {
  const { read } = adapterFor(pensyve, url)
  const long = 'x'.repeat(262_144)
  expect(await read(new Response(long))).toEqual({ text: long, isTooLong: false })
  expect(await read(new Response(`${long}y`))).toEqual({ text: long, isTooLong: true })
})

it('is for URLs of the service', () => {
  expect(() => adapterFor(pensyve, 'https://elsewhere.example/mcp')).toThrow(
    expect.objectContaining({ code: 'url_not_covered' }),
  )
})
