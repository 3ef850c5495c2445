// How a program that registers itself keeps its client: loaded when it needs one, or lost it.
export { noteReturned } from './client-store.ts'
export { forgetClient } from './registration.ts'
