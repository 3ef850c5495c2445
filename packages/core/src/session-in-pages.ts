// What pages load once somebody may be signed in.
export { savedAccount } from './saved-account.ts'
export { signedIn } from './signed-in.ts'
