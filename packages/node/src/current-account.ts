import type { Service, Store } from '@pentauth/core'

// Which of several accounts counts where a program names none; kept beside the sessions, with nothing secret in it.

/** The account that was switched to, or signed in last; `default` unless there is one. */
export async function currentAccount(service: Service, store: Store, app: string | undefined): Promise<string> {
  return (await store.get(keyOf(service, app))) ?? 'default'
}

export async function setCurrentAccount(
  service: Service,
  store: Store,
  app: string | undefined,
  account: string,
): Promise<void> {
  const key = keyOf(service, app)
  if ((await currentAccount(service, store, app)) === account) return
  await (account === 'default' ? store.delete(key) : store.set(key, account))
}

function keyOf({ id }: Service, app = 'default'): string {
  return `account/${[id, app].map(encodeURIComponent).join('/')}`
}
