// What pages load when somebody signs out.
export { signOut } from './sign-out.ts'
