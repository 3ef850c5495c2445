import type { SandboxState } from '../state.ts'
import type { ProfundisUsage } from '../usage.ts'
import type { ProfundisAccount } from './accounts.ts'

/** Credits a look-up costs: prices are not documented, one a call is assumed. */
export const price = 1

/** A look-up to pay for. */
export interface Charge {
  readonly account: ProfundisAccount
  readonly operation: string
  readonly via: ProfundisUsage['via']
  readonly keyId?: string | undefined
  readonly clientId?: string | undefined
}

/** Charges a look-up to an account and notes it; undefined, and nothing noted, when the account has not enough credits. */
export function charge(
  { accounts, clock, usage }: SandboxState,
  { account, operation, via, keyId, clientId }: Charge,
): ProfundisAccount | undefined {
  // Read again: two calls may have been let in with the same account at hand.
  const now = accounts.get('profundis', account.id)
  if (creditsOf(now) < price) return undefined
  const left = accounts.update('profundis', now.id, spent(now))
  const by = { ...(keyId === undefined ? {} : { keyId }), ...(clientId === undefined ? {} : { clientId }) }
  usage.add('profundis', { at: clock.now(), ...by, account: now.id, operation, credits: price, via })
  return left
}

/** Credits an account has left, of both kinds. */
export function creditsOf({ monthlyCredits, purchasedCredits }: ProfundisAccount): number {
  return monthlyCredits + purchasedCredits
}

// The monthly allocation is spent first: assumed, as it is what does not last.
function spent(account: ProfundisAccount): Pick<ProfundisAccount, 'monthlyCredits' | 'purchasedCredits'> {
  const monthly = Math.min(account.monthlyCredits, price)
  return {
    monthlyCredits: account.monthlyCredits - monthly,
    purchasedCredits: account.purchasedCredits - (price - monthly),
  }
}
