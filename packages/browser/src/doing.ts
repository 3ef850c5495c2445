/** What was being done with a store, as its failure says it. */
export type Doing = 'read' | 'written' | 'locked'
