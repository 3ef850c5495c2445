// How a program gets tokens for itself: loaded when it first needs one.
export { prepareEnterpriseToken } from './enterprise-token.ts'
export { prepareClientToken, prepareWorkloadToken } from './own-token.ts'
