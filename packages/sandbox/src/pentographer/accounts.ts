/** A Pentographer user, member of one organisation. */
export interface PentographerAccount {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly organisation: string
  readonly role: 'owner' | 'admin' | 'member'
}

/** `ada` owns the organisation in which `admin` and `member` are; `outsider` owns another one. */
export const pentographerAccounts: readonly PentographerAccount[] = [
  { id: 'ada', name: 'Ada', email: 'ada@example.com', organisation: 'analytical-engines', role: 'owner' },
  { id: 'admin', name: 'Admin', email: 'admin@example.com', organisation: 'analytical-engines', role: 'admin' },
  { id: 'member', name: 'Member', email: 'member@example.com', organisation: 'analytical-engines', role: 'member' },
  { id: 'outsider', name: 'Outsider', email: 'outsider@example.com', organisation: 'elsewhere', role: 'owner' },
]

/**
 * Whether `actor` may see and manage what `owner` made: "Administrators and Owners can view and manage all API keys
 * created within the organization. Regular organization members can view and manage only their own keys."
 */
export function mayManage(actor: PentographerAccount, owner: PentographerAccount): boolean {
  if (actor.id === owner.id) return true
  return actor.organisation === owner.organisation && actor.role !== 'member'
}
