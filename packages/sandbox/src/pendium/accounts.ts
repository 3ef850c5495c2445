/** A Pendium user. */
export interface PendiumAccount {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly plan: 'free' | 'starter' | 'pro'
  readonly creditBalance: number
  /** "Admin users can access any agent." */
  readonly admin: boolean
  /** A read-only account may not start a scan. */
  readonly readOnly: boolean
}

const user = { plan: 'pro', creditBalance: 500, admin: false, readOnly: false } as const

/** `ada` owns agents; `admin` owns none and reaches all; `outsider` owns one and cannot reach ada's. */
export const pendiumAccounts: readonly PendiumAccount[] = [
  { ...user, id: 'ada', name: 'Ada', email: 'ada@example.com' },
  { ...user, id: 'admin', name: 'Admin', email: 'admin@example.com', admin: true },
  { ...user, id: 'outsider', name: 'Outsider', email: 'outsider@example.com', plan: 'starter' },
  { ...user, id: 'free', name: 'Free', email: 'free@example.com', plan: 'free', creditBalance: 0 },
]
