import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { fileName } from '../src/file-record.ts'
import { createAuth, type FileStore, fileStore, type PentauthEvent, profundis, signIn } from '../src/index.ts'
import { storeListeners } from '../src/store-listeners.ts'
import { newFolder } from './support/folders.ts'
import { comeBack, signInWorld } from './support/sign-in-world.ts'

// A store is there as long as its process, and most of those who listen to it are not.

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** What is still there of some objects that nobody should have any more. */
async function remaining(refs: readonly WeakRef<object>[]): Promise<number> {
  const left = () => refs.filter((ref) => ref.deref()).length
  for (let round = 0; round < 50; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collect()
    if (left() === 0) break
  }
  return left()
}

/** Makes a store find something to tell of. */
async function disturb(store: FileStore, folder: string): Promise<void> {
  writeFileSync(join(folder, fileName('disturbed')), 'cut', { mode: 0o600 })
  await store.get('disturbed')
}

describe('a store of files', () => {
  it('lets go of the listeners of an Auth, and not of those that are in use', async () => {
    const folder = newFolder()
    const env = { PENTAUTH_HOME: folder }
    const told: PentauthEvent[] = []
    const auth = createAuth(profundis, { env, onEvent: (event) => void told.push(event) })
    await auth.credential().catch(() => undefined)
    const refs: WeakRef<object>[] = []
    const use = async (number: number) => {
      const onEvent = () => void told.push({ service: `gone ${number}` } as never)
      refs.push(new WeakRef(onEvent))
      await createAuth(profundis, { env, onEvent, account: `user ${number % 5}` })
        .credential()
        .catch(() => undefined)
    }
    for (let number = 0; number < 3_000; number += 1) await use(number)
    expect(await remaining(refs)).toBe(0)
    await disturb(fileStore({ folder }), folder)
    await vi.waitFor(() =>
      expect(told.map(({ service, type }) => [service, type])).toContainEqual(['store', 'store_set_aside']),
    )
    expect(told.filter(({ service }) => service === 'store')).toHaveLength(1)
    expect(told.filter(({ service }) => service.startsWith('gone'))).toEqual([])
    await expect(auth.credential()).rejects.toMatchObject({ code: 'no_credential' })
  })

  it('tells the Auth of a sign-in for as long as somebody has it', async () => {
    const world = await signInWorld()
    const folder = newFolder()
    const told: string[] = []
    const signedIn = () =>
      signIn(world.profundis, {
        env: { PENTAUTH_HOME: folder },
        onEvent: ({ type }) => void told.push(type),
        present: async (request) => void (request.way === 'redirect' && (await comeBack(request.url))),
      })
    const auth = await signedIn()
    await remaining([new WeakRef({})])
    await disturb(fileStore({ folder }), folder)
    await vi.waitFor(() => expect(told).toContain('store_set_aside'))
    expect((await auth.credential()).kind).toBe('access-token')
  })

  it('keeps the listeners that it was given itself', async () => {
    const folder = newFolder()
    const told: string[] = []
    const open = () => fileStore({ folder, onEvent: ({ type }) => void told.push(type) })
    const store = open()
    await remaining([new WeakRef({})])
    await disturb(store, folder)
    await vi.waitFor(() => expect(told).toEqual(['store_set_aside']))
  })
})

it('a listener is told once however often it is added', () => {
  const listeners = storeListeners()
  const told: string[] = []
  const listener = ({ service }: PentauthEvent) => void told.push(service)
  const tell = () => void told.push('tell')
  for (const _ of [1, 2]) {
    listeners.add(tell)
    listeners.addBorrowed(listener)
  }
  for (const each of listeners) each({ type: 'store_repaired', path: '/x', from: '0755', to: '0700' })
  expect(told).toEqual(['tell', 'store'])
})
