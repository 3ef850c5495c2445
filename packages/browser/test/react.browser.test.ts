import { memoryStore, pensyve, type Store } from '@pentauth/core'
import { act, createElement, StrictMode, useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server.browser'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { BrowserAuth } from '../src/index.ts'
import { visit } from './support/visit.ts'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
const here = location.href
afterEach(() => history.replaceState(null, '', here))

const named = (): Store => ({ ...memoryStore(), name: 'a disk' })

function parts(auth: BrowserAuth) {
  let renders = 0
  const Status = () => {
    renders += 1
    const session = useSyncExternalStore(
      auth.subscribe,
      () => auth.session,
      () => auth.session,
    )
    return createElement('p', null, `${session.status} ${session.account}`)
  }
  const finished: unknown[] = []
  const Callback = () => {
    const [said, say] = useState('')
    useEffect(() => {
      auth.finishSignIn().then(
        (done) => {
          finished.push(done)
          say(done?.returnTo ?? 'nothing')
        },
        (error) => finished.push(error),
      )
    }, [])
    return createElement('div', null, said, createElement(Status))
  }
  return { Status, Callback, finished, renders: () => renders }
}

function mounted() {
  const element = document.createElement('div')
  document.body.append(element)
  onTestFinished(() => element.remove())
  return element
}

describe('in React', () => {
  it('StrictMode, which mounts twice, costs one token request, and both mounts get the answer', async () => {
    const world = await openWorld()
    const auth = world.open(pensyve, { storage: named() })
    const callback = await visit(world.sandbox, await world.leaves(auth, { returnTo: '/notes' }))
    history.replaceState(null, '', callback)
    const { Callback, finished } = parts(auth)
    const element = mounted()
    const root = createRoot(element)
    await act(async () => root.render(createElement(StrictMode, null, createElement(Callback))))
    await act(async () => expect.poll(() => finished.length).toBe(2))
    expect(finished[0]).toMatchObject({ account: 'default', returnTo: '/notes' })
    expect(finished[1]).toBe(finished[0])
    expect(world.sandbox.tokens.requests('pensyve', 'authorization_code')).toBe(1)
    expect(element.textContent).toContain('signed_in default')
    expect(location.search).toBe('')
    await act(async () => root.unmount())
  })

  it('a component is drawn again when something changes, and only then', async () => {
    const world = await openWorld()
    const auth = world.open(pensyve, { storage: named() })
    const { Status, renders } = parts(auth)
    const element = mounted()
    const root = createRoot(element)
    await act(async () => root.render(createElement(Status)))
    await act(() => world.signIn(auth))
    expect(element.textContent).toBe('signed_in default')
    const before = renders()
    await act(async () => {
      for (let round = 0; round < 5; round++) await auth.fetch(`${pensyve.resources.rest.url}/account`)
      dispatchEvent(new Event('online'))
    })
    expect(renders()).toBe(before)
    await act(() => auth.signOut())
    expect(element.textContent).toBe('signed_out default')
    await act(async () => root.unmount())
    await auth.signOut()
  })

  it('what a server drew is taken over without a difference', async () => {
    const world = await openWorld()
    const auth = world.open(pensyve, { storage: named() })
    const { Status } = parts(auth)
    const element = mounted()
    // Before the storage was read, as on a server.
    element.innerHTML = renderToString(createElement(Status))
    expect(element.textContent).toBe('loading default')
    const differences: unknown[] = []
    const root = await act(async () =>
      hydrateRoot(element, createElement(Status), { onRecoverableError: (error) => void differences.push(error) }),
    )
    await act(async () => expect.poll(() => auth.session.status).toBe('signed_out'))
    expect(element.textContent).toBe('signed_out default')
    expect(differences).toEqual([])
    await act(async () => root.unmount())
  })
})
