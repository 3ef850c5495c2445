import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finishSignIn, PentauthError, type Service, type Store, startSignIn } from '@pentauth/core'
import { onTestFinished } from 'vitest'
import { type SignInRequest, signIn } from '../../../src/index.ts'

// A sign-in that waits for its person, by our client and by one with the defects of a callback server that was written in a hurry.

export interface Waiting {
  /** The page that the person is sent to. */
  readonly url: URL
  readonly redirectUri: string
  /** What came of it, in a word. */
  readonly end: Promise<string>
}
interface Given {
  readonly store: Store
  readonly port?: number
  /** Seconds. */
  readonly timeout?: number
}
export type Client = (service: Service, given: Given) => Promise<Waiting>

export const ours: Client = (service, given) =>
  new Promise((resolve, reject) => {
    const present = (request: SignInRequest): void => {
      if (request.way === 'redirect') resolve({ url: request.url, redirectUri: request.redirectUri, end })
    }
    const end: Promise<string> = signIn(service, { ...given, env: {}, present }).then(
      () => 'signed in',
      (error: unknown) => {
        reject(error)
        return PentauthError.isInstance(error) ? error.code : String(error)
      },
    )
  })

/** Listens everywhere and for ever, takes what comes first, and shows what it was sent. */
export const hasty: Client = async (service, { store, port = 0 }) => {
  let came: (url: string) => void = () => undefined
  const callback = new Promise<string>((resolve) => {
    came = resolve
  })
  const server = createServer((request, response) => {
    const text = decodeURIComponent(request.url ?? '')
    response.writeHead(200, { 'content-type': 'text/html', 'access-control-allow-origin': '*' })
    response.end(`<h1>Signed in</h1><p>${text}</p>`)
    came(request.url ?? '')
  })
  // So that it always gets its port, whoever has it too.
  server.listen({ port, host: '0.0.0.0', reusePort: true })
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
  const { url } = await startSignIn(service, { store, redirectUri })
  const end = callback
    .then((text) => finishSignIn(service, text, { store }))
    .then(
      () => 'signed in',
      (error: unknown) => (PentauthError.isInstance(error) ? error.code : String(error)),
    )
  return { url, redirectUri, end }
}
