import { storeContract } from '@pentauth/core/store-contract'
import { createSandbox } from '@pentauth/sandbox'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { dangerouslyLocalStorageStore, sessionStorageStore } from '../src/index.ts'
import { blockGlobal, replaceGlobal } from './support/storage.ts'

const secret = createSandbox().keys.create('pensyve').key

const real = [localStorage, sessionStorage]
const clear = () => {
  for (const storage of real) storage.clear()
}
beforeEach(clear)

/** An iframe of this origin: it has the same storages, by objects of its own. */
async function frame(): Promise<Window> {
  const element = document.createElement('iframe')
  document.body.append(element)
  onTestFinished(() => element.remove())
  return element.contentWindow as Window
}

describe('sessionStorage keeps the contract of a store', () => {
  const open = async () => {
    clear()
    return { store: sessionStorageStore(), again: async () => sessionStorageStore() }
  }
  for (const { name, run } of storeContract(open, { expects: ['keys', 'withLock', 'again'] })) it(name, run)
})

describe('localStorage keeps the contract of a store', () => {
  const open = async () => {
    clear()
    return {
      store: dangerouslyLocalStorageStore(),
      again: async () => dangerouslyLocalStorageStore(),
      loseLock: async (lock: string) => {
        await navigator.locks.request(`pentauth-local/${lock}`, { steal: true }, async () => {
          localStorage.setItem(`pentauth-lock/${lock}`, 'somebody else')
        })
      },
    }
  }
  for (const { name, run } of storeContract(open, { expects: ['keys', 'withLock', 'again', 'loseLock'] })) it(name, run)
})

describe.each([
  ['sessionStorage', sessionStorageStore],
  ['localStorage', dangerouslyLocalStorageStore],
] as const)('%s', (kind, create) => {
  const all = () => {
    const store = create()
    return [() => store.get('a'), () => store.set('a', secret), () => store.delete('a'), () => store.keys('')]
  }

  it('is touched with the first use, and not before', async () => {
    blockGlobal(kind)
    expect(create().name).toBe(kind)
  })

  it('leaves alone what is of others', async () => {
    const store = create()
    globalThis[kind].setItem('a', 'of others')
    await store.set('a', 'ours')
    await store.delete('a')
    expect(await store.keys('')).toEqual([])
    expect(globalThis[kind].getItem('a')).toBe('of others')
  })

  it('is the same in a frame of this origin', async () => {
    await create().set('a', 'one')
    expect((await frame())[kind].getItem('pentauth/a')).toBe('one')
  })

  it('says so where the browser blocks it', async () => {
    blockGlobal(kind)
    for (const use of all())
      await expect(use()).rejects.toMatchObject({
        code: 'store_failed',
        retryable: false,
        message: expect.stringMatching(
          `The store ${kind} could not be (read|written) \\(SecurityError\\)\\. Browsers block it`,
        ),
      })
  })

  it.each([undefined, null])('says so where it is missing (%s)', async (value) => {
    replaceGlobal(kind, { value })
    for (const use of all()) await expect(use()).rejects.toThrow('(missing). Browsers block it')
  })

  it('says what is full, and the way out, and keeps what was there', async () => {
    const store = create()
    await store.set('a', 'one')
    // More than any browser gives.
    const error = await store.set('a', secret.repeat(1_000_000)).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'store_failed', retryable: true, cause: { code: 'QUOTA_EXCEEDED_ERROR' } })
    expect(error.message).toContain('is full')
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(secret)
    expect(await store.get('a')).toBe('one')
  })
})

describe('localStorage', () => {
  it('fails typed where its lock cannot be kept', async () => {
    const spy = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('', 'QuotaExceededError')
    })
    onTestFinished(() => spy.mockRestore())
    await expect(dangerouslyLocalStorageStore().withLock('a', async () => 'never')).rejects.toThrow(
      'The store localStorage could not be locked (QuotaExceededError).',
    )
  })
})
