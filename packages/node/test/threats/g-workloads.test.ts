import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'
import {
  createAuth,
  defineService,
  githubActionsToken,
  type IdentityToken,
  identityTokenFile,
  importPrivateKey,
  PentauthError,
  type PentauthEvent,
  workloadIdentity,
} from '../../src/index.ts'

// Rows of docs/threats.md about programs without a person: a runner's token, identity tokens in files, private keys.

const folder = mkdtempSync(join(tmpdir(), 'pentauth-workload-threats-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Fetch = (url: string, init?: RequestInit) => Promise<Response>
const issuer = 'https://auth.example'
const secret = testKey.token('runner')

function recorder(answer: (request: Request) => Response) {
  const sent: { readonly url: string; readonly text: string }[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    sent.push({ url: request.url, text: [...request.headers].join() + (await request.clone().text()) })
    return answer(request)
  }
  return { sent, fetch }
}

async function access(token: IdentityToken, fetch: Fetch, clock = { now: Date.now }) {
  const events: PentauthEvent[] = []
  const service = defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { rest: { url: 'https://api.example/v1', protocol: 'rest', accessToken: true } },
    oauth: {
      issuer,
      tokenEndpoint: `${issuer}/token`,
      grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      tokenEndpointAuthMethod: 'none',
    },
  })
  const auth = createAuth(service, {
    env: {},
    credential: workloadIdentity({ token, grant: 'jwt-bearer' }),
    runtime: { fetch: fetch as never, ...clock },
    onEvent: (event) => void events.push(event),
  })
  const ask = () =>
    auth.credential().then(
      () => undefined,
      (error: unknown) => error,
    )
  return { ask, events }
}

// G8: addresses and redirects that would carry the runner's token elsewhere.
const runner = 'https://actions.example/token'
const attempts: Record<string, { url: string; location?: string; status?: number }> = {
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].map((status) => [
      `a ${status}`,
      { url: runner, status, location: 'https://evil.example/a' },
    ]),
  ),
  'a redirect to plain http': { url: runner, status: 302, location: 'http://actions.example/token' },
  'a redirect to another port': { url: runner, status: 307, location: 'https://actions.example:444/token' },
  'plain http': { url: 'http://actions.example/token' },
  'plain http to a name like this machine': { url: 'http://127.0.0.1.evil.example/token' },
  'a user part': { url: 'https://actions.example@evil.example/token' },
  'a script': { url: 'javascript:alert(1)' },
  'a file': { url: 'file:///etc/passwd' },
}
interface Carried {
  readonly sent: readonly { readonly url: string; readonly text: string }[]
  readonly error: unknown
  readonly events: readonly PentauthEvent[]
}
type Job = (url: string, answer: (request: Request) => Response) => Promise<Carried>

threat<Job, [string, Carried][]>('G8', "the runner's token goes elsewhere than the runner said, or readable", {
  async ours(url, answer) {
    const { sent, fetch } = recorder(answer)
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret }
    const { ask, events } = await access(githubActionsToken({ audience: issuer, env }), fetch)
    return { sent, error: await ask(), events }
  },
  async twin(url, answer) {
    const { sent, fetch } = recorder(answer)
    const headers = { authorization: `bearer ${secret}` }
    let next: string | null = url
    for (let hop = 0; next && hop < 3; hop++) {
      const response: Response | undefined = await fetch(next, { headers }).catch(() => undefined)
      next = response?.headers.get('location') ?? null
    }
    return { sent, error: undefined, events: [] }
  },
  attack: async (job) => {
    const outcomes: [string, Carried][] = []
    for (const [name, { url, status = 200, location }] of Object.entries(attempts)) {
      const answer = (request: Request) =>
        request.url.startsWith(runner) && location
          ? new Response(null, { status, headers: { location } })
          : Response.json({ value: `e30.e30.${testKey.token('stolen')}` })
      outcomes.push([name, await job(url, answer)])
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { sent, error, events }]) => [
      ...sent
        .filter(({ url, text }) => hasMarker(text) && !url.startsWith(runner))
        .map(() => `${name}: sent elsewhere`),
      ...(PentauthError.isInstance(error) ? [] : [`${name}: no typed error`]),
      ...([error, events].some((one) => renderings(one).some(({ text }) => hasMarker(text))) ? [`${name}: shown`] : []),
    ]),
})

// G11: a platform that writes new tokens, as Kubernetes does: by a link that is swapped.
type Holder = (path: string) => { read: () => string | Promise<string> } | IdentityToken
let sequence = 0
const tokenNumber = (count: number) =>
  `e30.${btoa(JSON.stringify({ count })).replace(/=+$/, '')}.${testKey.token(`${count}`)}`

threat<Holder, readonly string[]>('G11', 'an identity token is used after the platform has replaced it', {
  ours: (path) => identityTokenFile(path),
  twin: (path) => {
    const first = identityTokenFile(path).read({} as never)
    return () => first
  },
  attack: async (holder) => {
    const path = join(folder, `token-${sequence++}`)
    const write = (count: number) => {
      writeFileSync(`${path}.${count}`, tokenNumber(count))
      symlinkSync(`${path}.${count}`, `${path}.link`)
      renameSync(`${path}.link`, path)
    }
    write(0)
    const { sent, fetch } = recorder(() =>
      Response.json({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 60 }),
    )
    let now = 1_700_000_000_000
    const { ask } = await access(holder(path) as IdentityToken, fetch, { now: () => now })
    for (let count = 0; count < 20; count++) {
      write(count)
      await ask()
      now += 120_000
    }
    return sent.map(({ text }) => new URLSearchParams(text.slice(text.indexOf('grant_type'))).get('assertion') ?? text)
  },
  breaches: (used) => [
    ...(used.length === 20 ? [] : [`${used.length} token requests`]),
    ...used.flatMap((token, count) => (token.includes(tokenNumber(count)) ? [] : [`request ${count}: an old token`])),
  ],
})
// G12: keys that cannot be read, and errors that say too much about them.
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const jwk = JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }))
const bodyOf = (text: string) => /"d":"([^"]+)"/.exec(text)?.[1] ?? text.split('\n')[1] ?? ''
const pieces = [pem, jwk]
  .map(bodyOf)
  .flatMap((body) => Array.from({ length: body.length - 10 }, (_, start) => body.slice(start, start + 10)))
const broken = [pem, jwk].flatMap((text) => [
  ...Array.from({ length: 40 }, (_, part) => text.slice(0, Math.floor((text.length * part) / 40))),
  ...Array.from({ length: 40 }, (_, part) => text.slice(Math.floor((text.length * (part + 1)) / 41))),
  ...['\0', '"', '{', '\n\n', 'é', '\\', '=', '-----'].map((odd) => text.slice(0, 60) + odd + text.slice(60)),
])

threat<(text: string) => unknown, [number, unknown][]>(
  'G12',
  'a private key that cannot be read is quoted in the error',
  {
    ours: (text) => importPrivateKey(text),
    twin: (text) => {
      throw new SyntaxError(`cannot read the key ${text}`)
    },
    attack: (read) =>
      broken.map((text, number): [number, unknown] => {
        try {
          read(text)
          return [number, undefined]
        } catch (error) {
          return [number, error]
        }
      }),
    breaches: (outcomes) =>
      outcomes.flatMap(([number, error]) => {
        if (error === undefined) return []
        const texts = renderings(error).map(({ text }) => text)
        return [
          ...(PentauthError.isInstance(error) && error.code === 'malformed_credential'
            ? []
            : [`${number}: no typed error`]),
          ...(pieces.some((piece) => texts.some((text) => text.includes(piece))) ? [`${number}: shown`] : []),
        ]
      }),
  },
)
