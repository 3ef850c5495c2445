/**
 * Who has the lock of a name, kept where what it guards is kept: puts what `next` makes of it (`undefined` removes it) and resolves to
 * that, in one step among all who do so.
 */
export type Seat = (
  name: string,
  next: (holder: string | undefined) => string | undefined,
) => Promise<string | undefined>

/** How long one who waits looks at a holder that does not change. */
export interface Patience {
  /** Milliseconds between two looks. */
  readonly every: number
  readonly looks: number
}
