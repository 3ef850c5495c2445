// How a program gets tokens for itself: loaded when it first needs one.
export { prepareClientToken, prepareWorkloadToken } from './own-token.ts'
