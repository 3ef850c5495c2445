// The processes bench with subjects that must come to grief in it: a bench that everybody passes shows nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from '../oauth-client.mjs'
import { startWorkers } from '../process-group.mjs'
import { cases, isMet, measure } from '../processes.mjs'

const PROCESSES = 3
const ROUNDS = 2

/** @type {import('../oauth-client.mjs').World} */
let world
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/**
 * @param {string} name of a twin
 * @param {boolean} [killed]
 * @param {number} [patience]
 */
async function outcome(name, killed, patience) {
  const twin = { name, module: new URL('process-twins.mjs', import.meta.url), cases: [] }
  const workers = await startWorkers(twin, PROCESSES)
  try {
    const one = {
      name: 'a case',
      store: /** @type {const} */ ('file'),
      processes: PROCESSES,
      ...(killed ? { killed } : {}),
    }
    return await measure(world, twin, workers, one, { rounds: ROUNDS, ...(patience ? { patience } : {}) })
  } finally {
    for (const worker of workers) worker.close()
  }
}

it('the cases are the agreed ones', () => {
  expect(cases.map(({ name, processes }) => `${name} ${processes}`)).toEqual([
    'file-4 4',
    'file-16 16',
    'redis-4 4',
    'redis-16 16',
    'holder-killed 4',
  ])
})

describe('processes that share a sign-in', () => {
  const about = { case: 'a case', processes: PROCESSES, rounds: ROUNDS }

  it('renew once for all with a lock, and the sign-in goes on', async () => {
    const { row, recoveries } = await outcome('right')
    expect(row).toEqual({ subject: 'right', ...about, tokenRequests: ROUNDS, survivors: PROCESSES, sessionAlive: true })
    expect([isMet(row), recoveries]).toEqual([true, []])
  })

  it.each(['unlocked', 'early'])('%s: they kill it', async (name) => {
    const { row } = await outcome(name)
    expect(row).toEqual({
      subject: name,
      ...about,
      tokenRequests: ROUNDS * PROCESSES,
      survivors: expect.any(Number),
      sessionAlive: false,
    })
    expect(row.survivors).toBeLessThan(PROCESSES)
    expect(isMet(row)).toBe(false)
  })

  it('wait in vain where nobody takes the lock from the dead', async () => {
    const { row } = await outcome('right', true, 300)
    expect(row).toMatchObject({ tokenRequests: 0, survivors: 0, sessionAlive: true })
    expect(isMet(row)).toBe(false)
  })
})

it('a subject that cannot even begin is not measured', async () => {
  await expect(outcome('nobody')).rejects.toThrow('nobody: ')
})
