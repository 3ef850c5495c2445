import { threat } from '@pentauth/tooling/threat'
import {
  crashAndGoOn,
  type Kind,
  type Moment,
  type Outcome,
  type Rotation,
  renewTogether,
} from './support/processes.ts'

// E2 and E5 in processes of Node, each with ten calls at once, over one store and one lock.

const attack = async (kind: Kind) => ({
  ended: await renewTogether(kind, 'ended'),
  'refused early': await renewTogether(kind, 'refused early'),
})
const breaches = (outcomes: Readonly<Record<string, Outcome>>) =>
  Object.entries(outcomes).flatMap(([when, { calls, tokenRequests, alive, isSaved }]) => [
    ...(calls.length === 40 ? [] : [`${when}: ${calls.length} calls`]),
    ...[...new Set(calls)].filter((call) => call !== '200').map((call) => `${when}: ${call}`),
    ...(tokenRequests === 1 ? [] : [`${when}: ${tokenRequests} token requests`]),
    ...(alive ? [] : [`${when}: a refresh token was used twice`]),
    ...(isSaved ? [] : [`${when}: the last refresh token is not in the store`]),
  ])

threat('E2', 'four processes at the end of a token', { ours: 'ours', twin: 'unlocked', attack, breaches })

threat('E2', 'who waited for the lock renews what it had read before', {
  ours: 'ours',
  twin: 'unread',
  attack,
  breaches,
})

/** What the next process finds: at best nothing is lost; a server that takes no refresh token twice wants one new sign-in. */
const afterwards: Readonly<Record<Rotation, Readonly<Record<Moment, { call: string; tokenRequests: number }>>>> = {
  strict: {
    'before it saves': { call: 'sign_in_required', tokenRequests: 2 },
    'in its first use': { call: '200', tokenRequests: 1 },
  },
  grace: {
    'before it saves': { call: '200', tokenRequests: 2 },
    'in its first use': { call: '200', tokenRequests: 1 },
  },
}
const crashes = (['strict', 'grace'] as const).flatMap((rotation) =>
  (['before it saves', 'in its first use'] as const).map((moment) => ({ rotation, moment })),
)

threat('E5', 'a process is killed between the answer and the end of its first call', {
  ours: 'ours',
  twin: 'hasty',
  attack: async (kind: Kind) => {
    const outcomes: (Outcome & (typeof crashes)[number])[] = []
    for (const { rotation, moment } of crashes)
      outcomes.push({ rotation, moment, ...(await crashAndGoOn(kind, rotation, moment)) })
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ rotation, moment, calls, tokenRequests, isKilled }) => {
      const expected = afterwards[rotation][moment]
      return [
        ...(isKilled ? [] : [`${rotation}, ${moment}: nobody was killed`]),
        ...(calls.length === 10 ? [] : [`${rotation}, ${moment}: ${calls.length} calls`]),
        ...[...new Set(calls)].filter((one) => one !== expected.call).map((one) => `${rotation}, ${moment}: ${one}`),
        ...(tokenRequests <= expected.tokenRequests ? [] : [`${rotation}, ${moment}: ${tokenRequests} token requests`]),
      ]
    }),
})
