export { pensyve } from '@pentauth/core'
