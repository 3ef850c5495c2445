// Everything of the package.
export * from '@pentauth/browser'
