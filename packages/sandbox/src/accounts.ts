import { type PendiumAccount, pendiumAccounts } from './pendium/accounts.ts'
import { type PendraAccount, pendraAccounts } from './pendra/accounts.ts'
import { type PensyveAccount, pensyveAccounts } from './pensyve/accounts.ts'
import { type PentographerAccount, pentographerAccounts } from './pentographer/accounts.ts'
import { type ProfundisAccount, profundisAccounts } from './profundis/accounts.ts'
import { SandboxError } from './sandbox-error.ts'
import type { ServiceName } from './service-name.ts'

/** The kind of account each service has. */
export interface AccountTypes {
  readonly pendium: PendiumAccount
  readonly pensyve: PensyveAccount
  readonly profundis: ProfundisAccount
  readonly pentographer: PentographerAccount
  readonly pendra: PendraAccount
}

/** The accounts of the five services; `ada` is ready in each, and others whose id says what they are for. */
export interface Accounts {
  /**
   * One account (default `ada`).
   *
   * @throws {SandboxError} `unknown_account`
   * @example
   * sandbox.accounts.get('profundis', 'free')
   */
  get<S extends ServiceName>(service: S, id?: string): AccountTypes[S]
  /**
   * Makes an account; what is not given is copied from `ada`.
   *
   * @throws {SandboxError} `account_exists`
   */
  create<S extends ServiceName>(
    service: S,
    account: { readonly id: string } & Partial<AccountTypes[S]>,
  ): AccountTypes[S]
  /**
   * Changes an account, as the service's own staff or billing would; its keys see the change at once.
   *
   * @throws {SandboxError} `unknown_account`
   * @example
   * sandbox.accounts.update('profundis', 'ada', { plan: 'free' }) // entitlement lost
   */
  update<S extends ServiceName>(service: S, id: string, changes: Partial<Omit<AccountTypes[S], 'id'>>): AccountTypes[S]
  /** Every account of a service. */
  list<S extends ServiceName>(service: S): readonly AccountTypes[S][]
}

/** Makes the ready accounts of one sandbox. */
export function createAccounts(): Accounts {
  const tables: { [S in ServiceName]: Map<string, AccountTypes[S]> } = {
    pendium: byId(pendiumAccounts),
    pensyve: byId(pensyveAccounts),
    profundis: byId(profundisAccounts),
    pentographer: byId(pentographerAccounts),
    pendra: byId(pendraAccounts),
  }
  const get = <S extends ServiceName>(service: S, id = 'ada'): AccountTypes[S] => {
    const account = tables[service].get(id)
    if (account === undefined) {
      throw new SandboxError({
        code: 'unknown_account',
        message: `The ${service} sandbox has no account ${JSON.stringify(id)}.`,
        hint: `It has ${[...tables[service].keys()].join(', ')}; accounts.create makes more.`,
      })
    }
    return account
  }
  const save = <S extends ServiceName>(service: S, account: AccountTypes[S]): AccountTypes[S] => {
    const saved = settled(account)
    Object.freeze(saved)
    tables[service].set(saved.id, saved)
    return saved
  }
  return {
    get,
    create(service, account) {
      if (tables[service].has(account.id)) {
        throw new SandboxError({
          code: 'account_exists',
          message: `The ${service} sandbox already has an account ${JSON.stringify(account.id)}.`,
          hint: 'Use accounts.update to change it.',
        })
      }
      return save(service, { ...get(service), name: account.id, email: `${account.id}@example.com`, ...account })
    },
    update: (service, id, changes) => save(service, { ...get(service, id), ...changes }),
    list: (service) => [...tables[service].values()],
  }
}

function byId<A extends { readonly id: string }>(accounts: readonly A[]): Map<string, A> {
  return new Map(accounts.map((account) => [account.id, account]))
}

// Credits once bought stay "purchased" when they are spent: the account is then out of credits, not without entitlement.
function settled<A extends object>(account: A): A {
  const bought = 'purchasedCredits' in account && Number(account.purchasedCredits) > 0
  return bought ? { ...account, hasPurchasedCredits: true } : { ...account }
}
