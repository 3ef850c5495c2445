import { profundis } from '@pentauth/core/services'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createAuth, type PentauthEvent } from '../src/index.ts'
import { shownPath } from '../src/mistaken-key.ts'

describe('a path in messages', () => {
  it.each([
    '/run/secrets/pensyve',
    '/tmp/app-2026-Xy81z-prod/key',
    './pensyve.key',
    '~/keys/1',
    'C:\\keys\\1',
    'secrets/a1',
  ])('%s is shown', (path) => expect(shownPath(path)).toBe(path))

  it('is cut where a word of it may be a key', () => {
    const key = testKey.pensyve()
    expect(shownPath(`/run/${key}/x`)).toBe(`/run/${key.slice(0, 8)}…/x`)
    expect(shownPath(`Qm9iJ3Mg/${key}`)).toBe('a relative path')
  })
})

it('a key with slashes in the variable of the key file is not repeated', async () => {
  const value = `Qm9iJ3Mgc2/${testKey.token().slice(4)}/JhbGw==`
  const events: PentauthEvent[] = []
  const onEvent = (event: PentauthEvent) => void events.push(event)
  const error = await caught(createAuth(profundis, { env: { PROFUNDIS_API_KEY_FILE: value }, onEvent }).credential())
  expect(error.code).toBe('no_credential')
  expect(error.message).toContain('PROFUNDIS_API_KEY_FILE: a relative path: no such file')
  expectNoMarker([error, events])
})
