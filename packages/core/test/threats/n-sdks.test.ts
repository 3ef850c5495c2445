import Anthropic from '@anthropic-ai/sdk'
import { renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import OpenAI from 'openai'
import { apiKey } from '../../src/index.ts'
import { anthropicOptions, openaiOptions } from '../../src/sdk.ts'
import { pendra } from '../../src/services.ts'
import { recorded } from '../support/auth.ts'
import { type Dice, diceOf } from './support/dice.ts'
import { bodyWith, echo, inHeader, showsMarker } from './support/echoes.ts'
import { rounds } from './support/rounds.ts'

// N1: the SDKs' own errors hold what the service sent, its headers included.

const key = testKey.pendra()
/** Makes a call with one of the SDKs, which the service answers so. */
type Caller = (dice: Dice, answer: () => Response) => Promise<unknown>

function call({ one }: Dice, openai: () => object, anthropic: () => object): Promise<unknown> {
  const message = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'x' }] }
  return one([
    async () => new OpenAI({ ...openai(), maxRetries: 0 }).models.list(),
    async () => new Anthropic({ ...anthropic(), maxRetries: 0 }).messages.create(message),
  ])()
}

threat<Caller, readonly unknown[]>('N1', 'errors of the OpenAI and Anthropic SDKs', {
  ours: (dice, answer) => {
    const { auth } = recorded(pendra, apiKey(key), answer)
    return call(
      dice,
      () => openaiOptions(auth),
      () => anthropicOptions(auth),
    )
  },
  // With the key itself and the platform's fetch, as the SDKs' documentation has it.
  twin: (dice, answer) => {
    const options = () => ({ apiKey: key, baseURL: 'https://api.pendra.ai/v1', fetch: async () => answer() })
    return call(dice, options, options)
  },
  attack: async (caller) => {
    const dice = diceOf(9)
    const errors: unknown[] = []
    while (errors.length < rounds(500)) {
      const said = () => echo(dice, key)
      const [body, type] = bodyWith(dice, said())
      const names = ['x-debug', 'x-request-id', 'request-id', 'www-authenticate', 'location']
      const headers = { 'content-type': type, [dice.one(names)]: inHeader(said()) }
      const status = dice.one([400, 401, 403, 404, 422, 429, 500, 503])
      const error = await caller(dice, () => new Response(body, { status, headers })).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (error !== undefined) errors.push(error)
    }
    return errors
  },
  breaches: (errors) => [
    ...new Set(
      errors.flatMap((error) =>
        renderings(error)
          .filter(({ text }) => showsMarker(text))
          .map(({ way }) => `${(error as Error).name} in ${way}`),
      ),
    ),
  ],
})
