import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { createAuth, finishSignIn, memoryStore, signedIn, startSignIn } from '../../src/index.ts'
import { authorizationServer } from '../support/authorization-server.ts'
import { json } from '../support/server.ts'

const refresh = (name: string) => testKey.token(`refresh ${name}`)
/** What each answer says of the refresh token, and which one has to be sent after it. */
const answers: readonly (readonly [said: { refresh_token?: unknown }, next: string])[] = [
  [{ refresh_token: refresh('one') }, 'one'],
  [{ refresh_token: refresh('two') }, 'two'],
  [{}, 'two'],
  [{ refresh_token: '' }, 'two'],
  [{ refresh_token: null }, 'two'],
  [{ refresh_token: refresh('three') }, 'three'],
]
const hour = 3_600_000

type World = Awaited<ReturnType<typeof authorizationServer>>
/** Signs in, and lets its token end as often as there are answers. */
type Subject = (world: World) => Promise<unknown>

const ours: Subject = async ({ service, approve }) => {
  let now = Date.now()
  const here = { store: memoryStore(), runtime: { now: () => now } }
  const client = { clientId: 'client-1' }
  const { url } = await startSignIn(service, { ...here, redirectUri: 'http://127.0.0.1:8123/callback', client })
  await finishSignIn(service, approve(url), here)
  const auth = createAuth(service, { credential: signedIn(here), runtime: here.runtime })
  for (const _ of answers) {
    now += hour
    await auth.credential().catch(() => undefined)
  }
}

/** Keeps the old one where there is none, and takes an empty one for one. */
const naive: Subject = async ({ origin }) => {
  const post = async (form: Record<string, string>) => {
    const response = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams(form) })
    return response.json()
  }
  let token = (await post({ grant_type: 'authorization_code' })).refresh_token
  for (const _ of answers) {
    const answer = await post({ grant_type: 'refresh_token', refresh_token: token })
    token = answer.refresh_token ?? token
  }
}

threat('D8', 'a refresh token is replaced by a new one and by nothing else', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    let asked = 0
    const world = await authorizationServer({
      token: (response) => {
        const [said] = answers[asked] ?? [{}]
        asked += 1
        const access = { access_token: testKey.token(`access ${asked}`), token_type: 'Bearer', expires_in: 60 }
        json(response, 200, { ...access, ...said })
      },
    })
    await subject(world)
    return world.tokenRequests().flatMap((form) => form.getAll('refresh_token'))
  },
  breaches: (sent: readonly string[]) => [
    ...answers.flatMap(([, next], index) =>
      sent[index] === refresh(next) ? [] : [`renewal ${index + 1}: another one`],
    ),
    ...(sent.length > answers.length ? ['more renewals than tokens that ended'] : []),
  ],
})
