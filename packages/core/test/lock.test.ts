import { describe, expect, it } from 'vitest'
import { memoryLock } from '../src/lock.ts'
import { gate } from './support/session.ts'
import { turns } from './threats/support/turns.ts'

describe('memoryLock', () => {
  it('lets one in after the other, in the order they came, for each name', async () => {
    const lock = memoryLock()
    const { open, passed } = gate()
    const log: string[] = []
    const work = (name: string, step: Promise<void>) => async () => {
      log.push(`${name} in`)
      await step
      log.push(`${name} out`)
      return name
    }
    const all = [
      lock('a', work('first', passed)),
      lock('a', work('second', Promise.resolve())),
      lock('a', work('third', Promise.resolve())),
      lock('b', work('other', Promise.resolve())),
    ]
    await turns(2)
    expect(log).toEqual(['first in', 'other in', 'other out'])
    open()
    expect(await Promise.all(all)).toEqual(['first', 'second', 'third', 'other'])
    expect(log.slice(3)).toEqual(['first out', 'second in', 'second out', 'third in', 'third out'])
  })

  it('is free again after a failure, which only its own caller meets', async () => {
    const lock = memoryLock()
    const failing = lock('a', () => Promise.reject(new Error('mine')))
    const next = lock('a', async () => 'next')
    await expect(failing).rejects.toThrow('mine')
    expect(await next).toBe('next')
    expect(await lock('a', async () => 'later')).toBe('later')
  })
})
