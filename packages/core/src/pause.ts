/** The first pause (ms) after something came to nothing; doubled each time. */
export const firstPause = 1_000

/** How long (ms) to wait after so many attempts in a row that came to nothing, at most the longest. */
export function pauseAfter(attempts: number, longest: number): number {
  return attempts === 0 ? 0 : Math.min(firstPause * 2 ** (attempts - 1), longest)
}

/** How much (ms) is left of a time that began at a moment; a clock that was set back stretches nothing. */
export function left(moment: number | undefined, ms: number, now: number): number {
  return moment === undefined || now < moment ? 0 : Math.max(0, moment + ms - now)
}

/** Whether a moment is less than so many ms ago. */
export function isWithin(moment: number | undefined, ms: number, now: number): boolean {
  return left(moment, ms, now) > 0
}
