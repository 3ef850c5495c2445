/** What tells of sign-ins, loaded for those who listen; who cannot load it goes on without. */
export const loadTold = (): Promise<typeof import('./told-sign-in.ts') | undefined> =>
  import('./told-sign-in.ts').catch(() => undefined)
