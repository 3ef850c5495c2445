/** What was being done with a store, as its failure says it. */
export type Doing = 'read' | 'written' | 'locked'

/** Thrown by a write of somebody whose lock was taken by others meanwhile. */
export const lost: unique symbol = Symbol('lost')
