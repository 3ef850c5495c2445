import { createSandbox } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { setupWorker } from 'msw/browser'
import { HttpResponse, http } from 'msw/http'
import { expect, it } from 'vitest'
import { pensyve } from '../src/index.ts'

it('runs in Chromium', async () => {
  const worker = setupWorker(
    http.get('https://api.pensyve.com/x', () => HttpResponse.json({ a: 1 })),
    ...handlers(createSandbox()),
  )
  await worker.start({ quiet: true })
  expect(await (await fetch('https://api.pensyve.com/x')).json()).toEqual({ a: 1 })
  expect((await fetch('https://api.pensyve.com/v1/health')).status).toBe(200)
  expect(pensyve.id).toBe('pensyve')
  expect(isSecureContext).toBe(true)
})
