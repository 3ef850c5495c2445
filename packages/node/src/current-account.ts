import type { Service, Store } from '@pentauth/core'

// Which of several accounts counts where a program names none; kept beside the sessions, with nothing secret in it.

/** The account that was switched to, or signed in last; `default` unless there is one. */
export async function currentAccount(service: Service, store: Store, app: string | undefined): Promise<string> {
  const label = (await store.get(keyOf(service, app))) ?? 'default'
  // A store may hold anything under that name; what people choose has no control or direction characters.
  const isLabel = typeof label === 'string' && label.length <= longest && /^[^\p{C}]+$/u.test(label)
  return isLabel ? label : 'default'
}

/** Characters; longer than any label that people choose. */
const longest = 1_000

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

function keyOf(service: Service, app = 'default'): string {
  // What is no service is refused by core, which knows how to say it.
  return `account/${[service?.id ?? '', app].map(encodeURIComponent).join('/')}`
}
