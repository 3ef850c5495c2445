// What pages load once somebody may be signed in.
export { listAccounts } from './accounts.ts'
export { savedAccount } from './saved-account.ts'
export { signedIn } from './signed-in.ts'
