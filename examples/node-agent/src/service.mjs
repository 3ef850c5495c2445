// Profundis, at the sandbox where one is named; without `SANDBOX_ORIGINS` this is the service itself.
import { profundis, relocate } from '@pentauth/node'

const origins = process.env.SANDBOX_ORIGINS
export const service = origins === undefined ? profundis : relocate(profundis, JSON.parse(origins))
