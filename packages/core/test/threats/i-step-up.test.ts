import { threat } from '@pentauth/tooling/threat'
import { json } from '../support/server.ts'
import { forgetful, grantingServer, operate, ours, type Subject, scopesOf } from './support/step-up.ts'

// I5 and I6 where a person can sign in for more scope.

const short = (scope?: string) => ({
  'www-authenticate': `Bearer error="insufficient_scope"${scope ? `, scope="${scope}"` : ''}`,
})

/** Ways never to be content: what is granted of what is asked for, what each refusal names, and how many sign-ins that is worth. */
const insatiable = {
  'grants nothing new': { granted: () => 'read', named: () => 'admin', worth: 1 },
  'says that it grants and does not mean it': { granted: (asked: string) => asked, named: () => 'admin', worth: 1 },
  'does not say what it grants': { granted: () => undefined, named: () => 'admin', worth: 1 },
  'takes turns': { granted: () => 'read', named: (turn: number) => ['a', 'b'][turn % 2], worth: 2 },
  'takes turns and grants only the last': {
    granted: (asked: string) => asked.split(' ').at(-1),
    named: (turn: number) => ['a', 'b', 'a b', 'c'][turn % 4],
    worth: 3,
  },
  'takes turns with a scope that is held': {
    granted: () => 'read',
    named: (turn: number) => ['a', 'read'][turn % 2],
    worth: 1,
  },
  'names no scope': { granted: () => 'read', named: () => undefined, worth: 0 },
} as const

threat('I5', 'no sign-in leads to enough scope', {
  ours,
  twin: forgetful,
  attack: async (subject: Subject) => {
    const outcomes: { way: string; worth: number; outcome: string; asked: readonly string[]; later: string }[] = []
    for (const [way, { granted, named, worth }] of Object.entries(insatiable)) {
      let turn = 0
      const acme = await grantingServer(granted, (response) => json(response, 403, {}, short(named(turn++))))
      const client = subject(acme)
      await client.signIn()
      const { outcome, asked } = await operate(client)
      // A program that tries again later begins no new round.
      const again = await operate(client, '', 4)
      outcomes.push({ way, worth, outcome, asked: [...asked, ...again.asked], later: again.outcome })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ way, worth, outcome, asked, later }) => [
      ...(asked.length <= worth ? [] : [`${way}: ${asked.length} sign-ins`]),
      ...(new Set(asked).size === asked.length ? [] : [`${way}: twice for the same scopes`]),
      ...[outcome, later].filter((code) => code !== 'insufficient_scope').map((code) => `${way}: ${code}`),
    ]),
})

threat('I6', 'signing in for more loses what is held', {
  ours,
  twin: forgetful,
  attack: async (subject: Subject) => {
    const acme = await grantingServer(
      (asked) => asked,
      (response, { path, headers }) => {
        const needed = path.slice('/mcp?'.length)
        if (scopesOf(headers.authorization).includes(needed)) return json(response, 200, {})
        return json(response, 403, {}, short(needed))
      },
    )
    const client = subject(acme)
    await client.signIn()
    const operations = ['read', 'write', 'admin', 'read', 'write', 'admin']
    const outcomes: string[] = []
    const asked: string[] = []
    for (const operation of operations) {
      const ended = await operate(client, `?${operation}`)
      outcomes.push(ended.outcome)
      asked.push(...ended.asked)
    }
    return { outcomes, asked }
  },
  breaches: ({ outcomes, asked }) => [
    ...outcomes.filter((outcome) => outcome !== '200'),
    ...(asked.join() === 'read write,read write admin' ? [] : [`asked for ${asked.join()}`]),
  ],
})

threat('I6', 'refusals that say nothing of scope start a sign-in, and fifty at once renew fifty times', {
  ours,
  twin: forgetful,
  attack: async (subject: Subject) => {
    const plain: readonly Record<string, string>[] = [
      {},
      { 'www-authenticate': 'Basic realm="x"' },
      { 'www-authenticate': 'Bearer error="access_denied", scope="admin"' },
      { 'www-authenticate': 'DPoP error="insufficient_scope", scope="admin"' },
    ]
    const taken = new Set<string>()
    const acme = await grantingServer(
      () => 'read',
      (response, { path, headers: { authorization = '' } }) => {
        const [, number] = path.split('?plain=')
        if (number) return json(response, 403, {}, plain[Number(number)])
        // The first token it sees is one that it does not take.
        taken.add(authorization)
        return json(response, [...taken][0] === authorization ? 401 : 200, {})
      },
    )
    const client = subject(acme)
    await client.signIn()
    const asked = acme.server.seen.length
    const refused: string[] = []
    for (const number of plain.keys()) {
      const { outcome, asked } = await operate(client, `?plain=${number}`, 3)
      refused.push(`${outcome} ${asked.length}`)
    }
    const elsewhere = acme.server.seen.slice(asked).filter(({ path }) => !path.startsWith('/mcp')).length
    const before = acme.tokenRequests().length
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await client.call('?expired')).status))
    const renewals = acme.tokenRequests().length - before
    return { refused, elsewhere, statuses, renewals, isSignedIn: await client.isSignedIn() }
  },
  breaches: ({ refused, elsewhere, statuses, renewals, isSignedIn }) => [
    ...refused.filter((outcome) => outcome !== '403 0').map((outcome) => `a plain refusal: ${outcome} sign-ins`),
    ...(elsewhere === 0 ? [] : [`${elsewhere} requests to the authorization server for a plain refusal`]),
    ...(statuses.every((status) => status === 200) ? [] : ['a call failed']),
    ...(renewals === 1 ? [] : [`${renewals} renewals`]),
    ...(isSignedIn ? [] : ['nobody is signed in any more']),
  ],
})
