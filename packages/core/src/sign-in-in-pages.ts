// What pages load when somebody signs in.
export { finishSignIn, startSignIn } from './sign-in.ts'
