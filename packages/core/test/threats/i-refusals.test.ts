import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { clientCredentials, createAuth, keySource } from '../../src/index.ts'
import { pensyve, pentographer } from '../../src/services.ts'
import { client } from '../support/pentographer.ts'
import { type Fetch, recorder } from './support/recorder.ts'

// I4, I5, I6: refusals that never end.
interface Refused {
  readonly requests: number
  readonly renewals: number
  readonly status: number | undefined
}
type Call = (fetch: Fetch, next: () => string) => () => Promise<Response>

const renewing: Call = (fetch, next) => {
  const credential = keySource('vault', next, { reads: 'after-refusal' })
  const auth = createAuth(pensyve, { credential, runtime: { fetch } })
  return () => auth.fetch(pensyve.resources.rest.url)
}
/** Renews and tries again whatever the refusal says, as long as it is refused. */
const stubborn: Call = (fetch, next) => async () => {
  const send = () => fetch(pensyve.resources.rest.url, { headers: { authorization: `Bearer ${next()}` } })
  let response = await send()
  for (let round = 0; round < 20 && response.status >= 401; round++) response = await send()
  return response
}

/** Some calls one after the other, each refused in the same way for ever. */
async function refusedCalls(call: Call, answers: readonly (() => Response)[], times = 3): Promise<Refused[]> {
  const outcomes: Refused[] = []
  for (const answer of answers) {
    let reads = 0
    const { sent, fetch } = recorder(answer)
    const once = call(fetch, () => testKey.pensyve(String(reads++)))
    for (let time = 0; time < times; time++) {
      const [before, read] = [sent.length, reads]
      const { status } = await once()
      outcomes.push({
        requests: sent.length - before,
        // The first reading is none.
        renewals: reads - read - (time === 0 ? 1 : 0),
        status,
      })
    }
  }
  return outcomes
}
const refusal =
  (status: number, challenge?: string, text = '{}') =>
  () =>
    new Response(text, { status, headers: challenge ? { 'www-authenticate': challenge } : {} })

threat('I4', 'refused for ever', {
  ours: renewing,
  twin: stubborn,
  attack: (call: Call) =>
    refusedCalls(call, [
      refusal(401),
      refusal(401, 'Bearer error="invalid_token"'),
      refusal(403, undefined, '{"message":"Invalid or revoked API key"}'),
    ]),
  breaches: (calls) =>
    calls.flatMap(({ requests, renewals, status }, index) =>
      requests <= 2 && renewals <= 1 && (status === 401 || status === 403)
        ? []
        : [`call ${index}: ${requests} requests, ${renewals} renewals`],
    ),
})

threat('I5', 'a scope that never suffices, and another one each time', {
  ours: renewing,
  twin: stubborn,
  attack: (call: Call) => {
    let turn = 0
    const alternating = () =>
      refusal(turn++ % 2 ? 401 : 403, `Bearer error="insufficient_scope", scope="s${turn % 2}"`)()
    return refusedCalls(call, [refusal(403, 'Bearer error="insufficient_scope", scope="admin"'), alternating], 6)
  },
  breaches: (calls) =>
    calls.flatMap(({ requests, renewals }, index) =>
      requests === 1 && renewals === 0 ? [] : [`call ${index}: ${requests} requests, ${renewals} renewals`],
    ),
})

threat('I6', '403 that says nothing of the credential', {
  ours: renewing,
  twin: stubborn,
  attack: (call: Call) =>
    refusedCalls(call, [refusal(403), refusal(403, undefined, '<html>no</html>'), refusal(403, 'Basic realm="x"')]),
  breaches: (calls) =>
    calls.flatMap(({ requests, renewals }, index) =>
      requests === 1 && renewals === 0 ? [] : [`call ${index}: ${requests} requests, ${renewals} renewals`],
    ),
})

type Crowd = (fetch: Fetch) => () => Promise<unknown>
threat<Crowd, { tokens: number; requests: number }>('I6', 'fifty refused at once renew once', {
  ours: (fetch) => {
    const auth = createAuth(pentographer, { credential: clientCredentials(client), runtime: { fetch } })
    return () => auth.fetch(pentographer.resources.graphql.url)
  },
  twin: (fetch) => async () => {
    const token = () => fetch('https://app.pentographer.com/api/oauth/token', { method: 'POST' })
    await token()
    const { status } = await fetch(pentographer.resources.graphql.url)
    if (status === 401) await token()
  },
  attack: async (crowd) => {
    const isToken = ({ url }: Request) => url.endsWith('/api/oauth/token')
    let tokens = 0
    const { sent, fetch } = recorder((request) =>
      isToken(request)
        ? Response.json({ access_token: testKey.token(String(++tokens)), token_type: 'Bearer', expires_in: 3600 })
        : new Response('{}', { status: tokens < 2 ? 401 : 200 }),
    )
    const call = crowd(fetch)
    await Promise.all(Array.from({ length: 50 }, () => call()))
    return { tokens: sent.filter(isToken).length, requests: sent.filter((request) => !isToken(request)).length }
  },
  breaches: ({ tokens, requests }) => [
    ...(tokens === 2 ? [] : [`${tokens} token requests`]),
    ...(requests <= 100 ? [] : [`${requests} requests`]),
  ],
})
