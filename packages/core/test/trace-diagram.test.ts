import { expectNoMarker } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import type { PentauthEvent } from '../src/index.ts'
import { finishSignIn, startSignIn } from '../src/sign-in.ts'
import { memoryStore } from '../src/store.ts'
import { traceDiagram } from '../src/trace-diagram.ts'
import { authorizationServer } from './support/authorization-server.ts'

it('draws the real requests of a sign-in in their order, without any secret', async () => {
  const { service, approve, origin, server } = await authorizationServer()
  const store = memoryStore()
  const events: PentauthEvent[] = []
  const onEvent = (event: PentauthEvent) => void events.push(event)
  const redirectUri = 'http://127.0.0.1:8123/callback'
  const { url } = await startSignIn(service, { store, redirectUri, client: { name: 'Test' }, onEvent })
  await finishSignIn(service, approve(url), { store, onEvent })
  await new Promise((resolve) => setImmediate(resolve))
  const diagram = traceDiagram(events)
  expect(diagram.split('\n').slice(0, 4)).toEqual([
    'sequenceDiagram',
    '  actor person as Person',
    '  participant app as Program',
    `  participant server1 as ${new URL(origin).host}`,
  ])
  const asked = [...diagram.matchAll(/app->>server1: (?:GET|POST) (\S+)/g)].map((match) => match[1])
  expect(asked).toEqual(server.seen.map(({ path }) => path))
  expect(diagram).toContain('person->>server1: signs in and agrees')
  expect(diagram).toContain('signed in as default, scope read')
  expectNoMarker(diagram)
  expect(diagram).not.toMatch(/[?&]code=|state=/)
})

it('shows what servers chose in letters that mean nothing to the diagram', () => {
  const diagram = traceDiagram([
    {
      service: 'acme',
      type: 'sign_in_started',
      issuer: 'https://a.example',
      clientId: 'x',
      scope: 'a;b\n  app->>evil: x %%{init}%% #59; <b>"c"</b>',
    },
  ])
  expect(diagram.split('\n')).toHaveLength(8)
  expect(diagram).not.toMatch(/[;<"#%{}]/)
  expect(diagram.match(/->>/g)).toHaveLength(3)
})
