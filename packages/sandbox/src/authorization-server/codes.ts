import type { Clock } from '../clock.ts'
import { markedSecret, randomHex, sha256 } from '../secrets.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import type { Grant } from './grants.ts'

/** Seconds that an authorization code lives: assumed, less than the ten minutes of RFC 6749 section 4.1.2. */
const lifetime = 300

/** One authorization code, which is kept as SHA-256. */
export interface Code {
  readonly request: AuthorizationRequest
  readonly account: string
  readonly endsAt: number
  /** What it was exchanged for; being there, it cannot be exchanged again. */
  grant?: Grant
}

/** The codes of one authorization server. */
export interface Codes {
  make(request: AuthorizationRequest, account: string): Promise<string>
  /** The code with this value, used and expired ones too. */
  find(code: string): Promise<Code | undefined>
  isOver(code: Code): boolean
}

/** Makes an empty store of codes. */
export function createCodes(clock: Clock): Codes {
  const codes = new Map<string, Code>()
  return {
    async make(request, account) {
      const code = markedSecret('ac_', randomHex(64))
      codes.set(await sha256(code), { request, account, endsAt: clock.now() + lifetime * 1000 })
      return code
    },
    find: async (code) => codes.get(await sha256(code)),
    isOver: ({ endsAt }) => clock.now() >= endsAt,
  }
}
