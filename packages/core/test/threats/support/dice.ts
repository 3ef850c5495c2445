import { seeded } from '../../support/auth.ts'

/** Choices that a seed decides, the same on every run. */
export interface Dice {
  readonly below: (limit: number) => number
  readonly one: <T>(list: readonly T[]) => T
}

export function diceOf(seed: number): Dice {
  const random = seeded(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return { below, one: (list) => list[below(list.length)] as never }
}
