// Waiting for what is on its way, without a clock to be right about: longer than anything takes, and only for what never comes.

/** Lets everything that needs no network go on for that many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

// Taken before any test puts a clock of its own in its place.
const { setTimeout } = globalThis
/** A moment in which the network can do something. */
export const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1))

export interface Settled {
  readonly value?: unknown
  readonly error?: unknown
}

/** How the work ends, or `undefined` when it goes on and on; its failure is never an unhandled one. */
export async function settledWithin(work: Promise<unknown>, pauses = 800): Promise<Settled | undefined> {
  let settled: Settled | undefined
  work.then(
    (value) => {
      settled = { value }
    },
    (error) => {
      settled = { error }
    },
  )
  for (let turn = 0; turn < 50 && !settled; turn++) await turns(1)
  for (let count = 0; count < pauses && !settled; count++) await pause()
  return settled
}
