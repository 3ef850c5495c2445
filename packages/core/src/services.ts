import type { Service } from './service.ts'
import { pendium } from './services/pendium.ts'
import { pendra } from './services/pendra.ts'
import { pensyve } from './services/pensyve.ts'
import { pentographer } from './services/pentographer.ts'
import { profundis } from './services/profundis.ts'

/** The five definitions, in the order of the README's table. */
export const services: readonly Service[] = [pendium, pensyve, profundis, pentographer, pendra]

export { pendium, pendra, pensyve, pentographer, profundis }
