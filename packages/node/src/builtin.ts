/**
 * A module of Node's own, taken when it is needed.
 *
 * An import would load much more than what is used of it, with half of Node's network code behind `node:process`, and would nearly
 * double the time in which a short program starts.
 */
export const builtin: typeof process.getBuiltinModule = (id: string) => process.getBuiltinModule(id)
