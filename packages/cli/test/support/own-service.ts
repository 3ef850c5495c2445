import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './cli.ts'

/** A service of one's own: a definition in a file, and a server that answers as a test says. */
export async function ownService(
  answer: (request: IncomingMessage & { readonly text: Buffer }, response: ServerResponse) => void,
): Promise<{ readonly file: string; readonly folder: string; readonly origin: string }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    answer(Object.assign(request, { text: Buffer.concat(chunks) }), response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = temporaryFolder()
  const file = join(folder, 'own.json')
  const definition = {
    id: 'own',
    name: 'Own',
    resources: { rest: { url: `${origin}/v1`, protocol: 'rest', apiKey: ['x-api-key'] } },
    apiKey: { env: 'OWN_API_KEY', rotation: { method: 'replace' } },
    errors: [],
    links: { docs: { where: 'Own docs' } },
    recommendations: [],
  }
  writeFileSync(file, JSON.stringify(definition))
  return { file, folder, origin }
}
