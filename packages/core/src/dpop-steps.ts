// What proves that a program has the key its tokens are bound to: loaded when one is to be.
export { keyForProgram, keyForSession, proverOf, sendProven, wantsNonce, withProof } from './dpop.ts'
