import { threat } from '@pentauth/tooling/threat'
import { type Kind, type Outcome, renewTogether } from './support/processes.ts'

// E2: four processes of Node, each with ten calls at once, over one store and one lock.

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
