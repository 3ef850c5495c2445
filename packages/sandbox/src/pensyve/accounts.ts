/** A Pensyve user; memories belong to it. */
export interface PensyveAccount {
  readonly id: string
  readonly name: string
  readonly email: string
}

/** `outsider` sees none of `ada`'s memories. */
export const pensyveAccounts: readonly PensyveAccount[] = [
  { id: 'ada', name: 'Ada', email: 'ada@example.com' },
  { id: 'outsider', name: 'Outsider', email: 'outsider@example.com' },
]
