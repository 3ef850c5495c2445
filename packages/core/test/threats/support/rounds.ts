/** How often a generated case is tried: ten times as often in the lab (`PENTAUTH_LAB=1`), which takes its time. */
export const rounds = (usual: number): number => (process.env.PENTAUTH_LAB === '1' ? usual * 10 : usual)

/** The same in words, for titles. */
export const inWords = (usual: number): string => rounds(usual).toLocaleString('en')
