/** A Profundis account. Credits are what is left, not what was granted. */
export interface ProfundisAccount {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly plan: 'free' | 'professional' | 'enterprise'
  readonly monthlyCredits: number
  readonly purchasedCredits: number
  /** Set as soon as the account has purchased credits, and not unset by spending them. */
  readonly hasPurchasedCredits: boolean
}

/** `ada` is on a paid plan; `free` has only its monthly credits; `credited` is free and has purchased some. */
export const profundisAccounts: readonly ProfundisAccount[] = [
  {
    id: 'ada',
    name: 'Ada',
    email: 'ada@example.com',
    plan: 'professional',
    monthlyCredits: 10_000,
    purchasedCredits: 0,
    hasPurchasedCredits: false,
  },
  {
    id: 'free',
    name: 'Free',
    email: 'free@example.com',
    plan: 'free',
    monthlyCredits: 50,
    purchasedCredits: 0,
    hasPurchasedCredits: false,
  },
  {
    id: 'credited',
    name: 'Credited',
    email: 'credited@example.com',
    plan: 'free',
    monthlyCredits: 50,
    purchasedCredits: 500,
    hasPurchasedCredits: true,
  },
]

/**
 * Whether an account may have a key and connect: "a paid plan (Professional or Enterprise), or a Free account that has
 * purchased credits", as the service's page says.
 */
export function isEntitled(account: ProfundisAccount): boolean {
  return account.plan !== 'free' || account.hasPurchasedCredits
}
