import { describe, expect, it } from 'vitest'
import { memoryStore } from '../src/store.ts'

describe('memoryStore', () => {
  it('keeps, replaces and forgets text by name', async () => {
    const store = memoryStore()
    expect(await store.get('a')).toBeUndefined()
    await store.set('a', 'one')
    await store.set('a', 'two')
    await store.set('__proto__', 'odd')
    expect([await store.get('a'), await store.get('__proto__'), await store.get('b')]).toEqual([
      'two',
      'odd',
      undefined,
    ])
    await store.delete('a')
    await store.delete('a')
    expect(await store.get('a')).toBeUndefined()
  })

  it('is one of its own each time', async () => {
    const store = memoryStore()
    await store.set('a', 'one')
    expect(await memoryStore().get('a')).toBeUndefined()
  })
})
