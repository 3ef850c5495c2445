import type { Files } from './run.ts'

/** The bundler puts the tests of one run in the place of this file. */
export const files: Files = {}
