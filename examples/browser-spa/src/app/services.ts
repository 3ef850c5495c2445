import type { BrowserAuth } from '@pentauth/browser'
import { auths } from './auth.ts'

/** Something a person can ask a service for. */
export interface Call {
  readonly label: string
  readonly run: () => Promise<Response>
}

/** What a card shows of a service. */
export interface Offer {
  readonly auth: BrowserAuth
  readonly what: string
  readonly calls: readonly Call[]
}

const { pendium, pensyve, profundis } = auths

const json = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: JSON.stringify(body),
})
const tool = (name: string) => json({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })

// `auth.fetch` is `fetch`, with the credential that the address takes.
export const offers: readonly Offer[] = [
  {
    auth: pendium,
    what: 'How visible a brand is to AI. Its MCP server takes tokens.',
    calls: [
      {
        label: 'Get account',
        run: () => pendium.fetch(pendium.service.resources.mcp.url, tool('get_account')),
      },
    ],
  },
  {
    auth: pensyve,
    what: 'A memory for agents. This page asks to read, and for more when it is needed.',
    calls: [
      {
        label: 'Recall',
        run: () => pensyve.fetch(`${pensyve.service.resources.rest.url}/recall`, json({ query: 'tea' })),
      },
      {
        label: 'Remember',
        run: () =>
          pensyve.fetch(
            `${pensyve.service.resources.rest.url}/remember`,
            json({ entity: 'Ada', fact: 'Ada drinks tea at four.' }),
          ),
      },
    ],
  },
  {
    auth: profundis,
    what: 'Subdomains of the whole internet, as a stream of lines.',
    calls: [
      {
        label: 'List subdomains',
        run: () =>
          profundis.fetch(`${profundis.service.resources.rest.url}/subdomains`, json({ domain: 'example.com' })),
      },
    ],
  },
]
