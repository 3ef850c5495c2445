import type { Accounts } from './accounts.ts'
import { mayManage } from './pentographer/accounts.ts'
import { isEntitled } from './profundis/accounts.ts'
import { markedSecret, randomBase64url, randomHex } from './secrets.ts'
import type { ServiceName } from './service-name.ts'

/** How one service makes and manages its keys. */
export interface KeyRules {
  /** A new key in the service's format. */
  make(): string
  /** Scopes a key may have, the default first; a service without scopes has none. */
  readonly scopes: readonly string[]
  readonly onePerAccount: boolean
  /** Whether the account may have a key at all. */
  mayHaveKey(accounts: Accounts, account: string): boolean
  /** Whether `actor` may see and revoke the keys of `owner`. */
  mayManage(accounts: Accounts, actor: string, owner: string): boolean
}

const ordinary: Omit<KeyRules, 'make'> = {
  scopes: [],
  onePerAccount: false,
  mayHaveKey: () => true,
  mayManage: (_, actor, owner) => actor === owner,
}

/** The rules of each service, from its page unless a comment says otherwise. */
export const keyRules: Readonly<Record<ServiceName, KeyRules>> = {
  // Nothing is documented on how many keys a user has or who else may see them: several, and nobody.
  pendium: { ...ordinary, make: () => markedSecret('pendium_', randomHex(40)) },
  pensyve: {
    ...ordinary,
    make: () => markedSecret('psy_', randomHex(48)),
    scopes: ['mcp', 'mcp:read', 'mcp:write'],
  },
  profundis: {
    ...ordinary,
    make: () => markedSecret('', randomHex(64)),
    onePerAccount: true,
    mayHaveKey: (accounts, account) => isEntitled(accounts.get('profundis', account)),
  },
  pentographer: {
    ...ordinary,
    make: () => markedSecret('ptg_', randomHex(64)),
    mayManage: (accounts, actor, owner) =>
      mayManage(accounts.get('pentographer', actor), accounts.get('pentographer', owner)),
  },
  pendra: {
    ...ordinary,
    make: () => markedSecret('pdr_sk_', randomBase64url()),
    // Keys belong to an organisation; which of its members manage them is not documented: assumed all.
    mayManage: (accounts, actor, owner) =>
      accounts.get('pendra', actor).organisation === accounts.get('pendra', owner).organisation,
  },
}
