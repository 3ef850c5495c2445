import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createAuth, pensyve, relocate } from '@pentauth/browser'
import { createTransport } from '../../src/index.ts'

// A page that uses the tools of a server, and has its user sign in where that is needed.

declare global {
  interface Window {
    config: { readonly origins: Readonly<Record<string, string>>; readonly popup: boolean }
  }
}

const { origins, popup } = window.config
const auth = createAuth(relocate(pensyve, origins), { redirectUri: '/callback', client: { name: 'Page' } })

async function list(): Promise<string> {
  const client = new Client({ name: 'page', version: '1.0.0' })
  const signIn = ({ challenge }: { readonly challenge: readonly object[] }) =>
    auth.signIn({ challenge: challenge as never, popup })
  await client.connect(createTransport(StreamableHTTPClientTransport, auth, { signIn }))
  const { tools } = await client.listTools()
  await client.close()
  return `${tools.length} tools`
}

const show = (text: string) => {
  document.body.dataset.shown = text
}
document
  .querySelector('button')
  ?.addEventListener('click', () => void list().then(show, (error) => show(String(error))))
const back = await auth.finishSignIn()
if (back) show(await list())
document.body.dataset.ready = 'yes'
