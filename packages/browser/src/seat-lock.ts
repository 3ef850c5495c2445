import type { Patience, Seat } from './seat.ts'

/** Milliseconds between two looks where there is nothing else to wait for. */
const shortest = 50

/**
 * Waits for the seat of a lock: until its holder has not changed for too long, and where there are no Web Locks until it is free.
 *
 * Looks are counted, not milliseconds: a computer that sleeps, and the holder with it, is nobody's fault.
 *
 * @param isOver whether the Web Lock came meanwhile; absent where there are none
 * @returns whether the seat was taken
 */
export async function takeSeat(
  seat: Seat,
  name: string,
  token: string,
  { every, looks }: Patience,
  isOver?: () => boolean,
): Promise<boolean> {
  const pause = isOver ? every : Math.min(every, shortest)
  const enough = (every * looks) / pause
  let seen: string | undefined | null = null
  let same = 0
  while (!isOver?.()) {
    // Between two holders nobody is there: that says little until it is seen again and again.
    const isGone = same >= (seen === undefined ? 3 * enough : enough)
    const isFree = (there: string | undefined) => (!isOver && there === undefined) || (isGone && there === seen)
    // In one step: of all who wait, one is in time.
    const holder = await seat(name, (there) => (isFree(there) ? token : there))
    if (holder === token) return !isOver?.()
    same = holder === seen ? same + 1 : 0
    seen = holder
    // Never in step with those who come and go.
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1))
    await new Promise((resolve) => setTimeout(resolve, pause * (1 + random / 512)))
  }
  return false
}
