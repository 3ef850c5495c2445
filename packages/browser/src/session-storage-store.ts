import type { Store } from '@pentauth/core'

/** PLACEHOLDER of H1's part. */
export function sessionStorageStore(): Store {
  return {
    name: 'sessionStorage',
    get: async (key) => sessionStorage.getItem(`pentauth/${key}`) ?? undefined,
    set: async (key, value) => sessionStorage.setItem(`pentauth/${key}`, value),
    delete: async (key) => sessionStorage.removeItem(`pentauth/${key}`),
  }
}
