/** A Pendra console account, member of one organisation. */
export interface PendraAccount {
  readonly id: string
  readonly name: string
  readonly email: string
  /** "Every key belongs to exactly one organisation." */
  readonly organisation: string
  readonly role: 'owner' | 'member'
}

/** `member` is in ada's organisation, `outsider` in another one. */
export const pendraAccounts: readonly PendraAccount[] = [
  { id: 'ada', name: 'Ada', email: 'ada@example.com', organisation: 'analytical-engines', role: 'owner' },
  { id: 'member', name: 'Member', email: 'member@example.com', organisation: 'analytical-engines', role: 'member' },
  { id: 'outsider', name: 'Outsider', email: 'outsider@example.com', organisation: 'elsewhere', role: 'owner' },
]
