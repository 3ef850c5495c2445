import type { Challenge } from '@pentauth/core'
import type { Question } from './asker.ts'
import { judgeChallenge, judgeGarbage, judgeReach, judgeScheme } from './judge-challenge.ts'
import type { Visit } from './visit.ts'

/** What the resource says to who brings no token. */
export interface Greeting {
  readonly isReached: boolean
  /** It lets everybody in. */
  readonly isOpen: boolean
  readonly challenge?: Challenge | undefined
}

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'pentauth-doctor', version: '1' } },
})

/** No server has given it, and it says so. */
const garbage = 'pentauth-doctor-no-such-token'

/** Steps 1 and 2: is there something, and what does it want? */
export async function askChallenge(visit: Visit, signsIn: boolean): Promise<Greeting> {
  const { protocol, accessToken = false, url } = visit.resource
  visit.begin('reach')
  const scheme = judgeScheme(url)
  const answer = await visit.ask({ ...callOf(visit), note: 'without a token' })
  visit.judge([...judgeReach(answer, protocol === 'mcp').slice(0, 1), scheme], answer)
  if (answer.status === undefined) return { isReached: false, isOpen: false }
  visit.judge(judgeReach(answer, protocol === 'mcp').slice(1), answer)
  visit.begin('challenge')
  const { verdicts, challenge } = judgeChallenge(answer, { takesTokens: accessToken, signsIn })
  visit.judge(verdicts, answer)
  if (verdicts.length === 0)
    visit.note(`The address answered ${answer.status}, so what it says to strangers is not known.`)
  const isOpen = verdicts.some(({ id, met }) => id === 'challenge.open' && !met)
  if (accessToken && answer.status === 401) {
    const refused = await visit.ask({ ...callOf(visit, `Bearer ${garbage}`), note: 'with a token that is none' })
    visit.judge(judgeGarbage(refused, protocol === 'mcp'), refused)
  }
  return { isReached: true, isOpen, challenge }
}

/** The least that each kind of resource understands. */
export function callOf(
  { resource: { url, audience = url, protocol, operations } }: Visit,
  authorization?: string,
): Omit<Question, 'note'> {
  const own = authorization === undefined ? {} : { authorization }
  if (protocol === 'rest') {
    const plain = operations?.find(
      ({ method, path, public: isOpen }) => method === 'GET' && !isOpen && !path.includes('{'),
    )
    return { url: url + (plain?.path ?? ''), headers: own }
  }
  const accept = 'application/json, text/event-stream'
  const headers = { ...own, accept, 'content-type': 'application/json' }
  return protocol === 'mcp'
    ? { method: 'POST', url: audience, headers, body: initialize }
    : { method: 'POST', url, headers, body: '{"query":"{ __typename }"}' }
}
