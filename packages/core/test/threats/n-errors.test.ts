import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import ky from 'ky'
import { describe, expect, it } from 'vitest'
import { PentauthError, type PentauthEvent } from '../../src/index.ts'
import { pensyve } from '../../src/services.ts'
import { type Dice, diceOf } from './support/dice.ts'
import { bodyWith, echo, showsMarker } from './support/echoes.ts'
import { inWords, rounds } from './support/rounds.ts'
import { type Produced, type Scene, scenes as serviceScenes, timeout } from './support/scenes.ts'
import { signInScenes } from './support/sign-in-scenes.ts'

const scenes: Record<string, Scene> = { ...serviceScenes, ...signInScenes }

interface Subject {
  /** Errors that are wanted. */
  readonly errors: number
  readonly play: (dice: Dice, round: number) => Promise<Produced & { readonly scene: string }>
}

// What a server says is searched for secrets, which is slow: half as often as the rest.
const names = Object.keys(scenes).flatMap((name) => (/repeats|documented/.test(name) ? [name] : [name, name]))
const ours: Subject = {
  errors: rounds(2_000),
  async play(dice, round) {
    const scene = round % 500 === 499 ? 'a service that does not answer' : dice.one(names)
    return { scene, ...(await (scenes[scene] ?? timeout)(dice)) }
  },
}

/** ky by itself: its error holds the request, with the headers and the body. */
const key = testKey.pensyve('twin')
const bareKy: Subject = {
  errors: 100,
  async play(dice) {
    const [body] = bodyWith(dice, echo(dice, key))
    const http = ky.create({ retry: 0, fetch: async () => new Response(body, { status: 403 }) })
    const headers = { authorization: `Bearer ${key}` }
    const error = await http.post(pensyve.resources.rest.url, { headers, json: { key } }).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    return { scene: 'ky', error, events: [] }
  },
}

interface Scan {
  readonly errors: number
  readonly wanted: number
  readonly renderings: number
  readonly events: number
  readonly passedOn: number
  readonly codes: Set<string>
  readonly leaks: Set<string>
}

/** An event as PENTAUTH_DEBUG prints it. */
const line = ({ service, type, ...facts }: PentauthEvent) => `pentauth ${service} ${type} ${JSON.stringify(facts)}`

async function scanned({ errors, play }: Subject): Promise<Scan> {
  const scan = { errors: 0, renderings: 0, events: 0, passedOn: 0, codes: new Set<string>(), leaks: new Set<string>() }
  const dice = diceOf(20_261_122)
  for (let round = 0; scan.errors < errors; round++) {
    const { scene, error, events, own } = await play(dice, round)
    for (const event of events) if (showsMarker(line(event))) scan.leaks.add(`${scene}: event ${event.type}`)
    scan.events += events.length
    if (error === undefined) continue
    if (own !== undefined) {
      // Of the caller's own error, only that it comes through as it was.
      if (error !== own) scan.leaks.add(`${scene}: the caller's error was changed`)
      scan.passedOn++
      continue
    }
    scan.errors++
    const code = PentauthError.isInstance(error) ? error.code : 'none of ours'
    scan.codes.add(code)
    for (const { way, text } of renderings(error)) {
      scan.renderings++
      if (showsMarker(text)) scan.leaks.add(`${scene}: ${code} in ${way}`)
    }
  }
  return { ...scan, wanted: errors }
}

threat<Subject, Scan>('N1', `${inWords(2_000)} fuzzed errors in ten renderings, and every event`, {
  ours,
  twin: bareKy,
  attack: async (subject) => {
    const scan = await scanned(subject)
    if (subject === ours) ourScan = scan
    return scan
  },
  breaches: ({ leaks, errors, wanted }) => [...leaks, ...(errors === wanted ? [] : [`${errors} errors`])],
})

let ourScan: Scan | undefined

describe('N1: the scan of our errors', () => {
  it('looked at every error in ten renderings', () => {
    const { errors = 0, renderings = 0, events = 0, passedOn = 0 } = ourScan ?? {}
    expect(errors).toBe(rounds(2_000))
    expect(renderings).toBeGreaterThanOrEqual(10 * errors)
    expect(Math.min(events, passedOn)).toBeGreaterThan(rounds(100))
  })

  it('met every code there is, and no error without one', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/errors.ts'), 'utf8')
    const codes = [...source.slice(0, source.indexOf('/**', 100)).matchAll(/^ {2}\| '(\w+)'$/gm)].map(
      ([, code]) => code,
    )
    // Thrown by @pentauth/node or @pentauth/browser alone.
    const elsewhere = ['source_failed', 'key_exposed', 'insecure_context']
    expect([...(ourScan?.codes ?? [])].sort()).toEqual(codes.filter((code) => !elsewhere.includes(code ?? '')).sort())
  })
})
