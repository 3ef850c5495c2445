import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pendium, pensyve, pentographer } from '@pentauth/core/services'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, createAuth, envKey, firstOf, keyFile, type PentauthEvent, type Service } from '../src/index.ts'

const clientId = testKey.pentographerClientId()
const clientSecret = testKey.pentographerSecret()

/** What `headers` gives for a service's first resource, as the name of the header and whether it carries that key. */
async function headerOf(service: Service, options: Parameters<typeof createAuth>[1], key: string) {
  const { url } = Object.values(service.resources)[0] ?? { url: '' }
  const headers = await createAuth(service, options).headers(url)
  const [name] = Object.keys(headers).filter((header) => /authorization|x-api-key/.test(header))
  return { name, isKey: headers[name ?? ''] === (name === 'authorization' ? `Bearer ${key}` : key) }
}

describe('the chain: option, then environment', () => {
  it.each([
    ['pensyve', pensyve, 'PENSYVE_API_KEY', testKey.pensyve(), 'authorization'],
    ['pendium', pendium, 'PENDIUM_API_KEY', testKey.pendium(), 'x-api-key'],
    ['pentographer', pentographer, 'PENTOGRAPHER_API_KEY', testKey.pentographer(), 'authorization'],
  ] as const)('%s: the key of its variable, in its header', async (_name, service, variable, key, header) => {
    expect(await headerOf(service, { env: { [variable]: key } }, key)).toEqual({ name: header, isKey: true })
  })

  it('the option wins, and an event says what was passed over', async () => {
    const events: PentauthEvent[] = []
    const key = testKey.pensyve('option')
    const env = { PENSYVE_API_KEY: testKey.pensyve('environment') }
    const found = await headerOf(pensyve, { env, credential: apiKey(key), onEvent: (event) => events.push(event) }, key)
    expect(found.isKey).toBe(true)
    expect(events).toMatchObject([
      { type: 'service_notice' },
      { type: 'credential_selected', credential: { source: 'option "credential"' }, passedOver: ['PENSYVE_API_KEY'] },
    ])
  })

  it('an API key wins over a client, and an event says so', async () => {
    const events: PentauthEvent[] = []
    const key = testKey.pentographer()
    const env = {
      PENTOGRAPHER_API_KEY: key,
      PENTOGRAPHER_CLIENT_ID: clientId,
      PENTOGRAPHER_CLIENT_SECRET: clientSecret,
    }
    await headerOf(pentographer, { env, onEvent: (event) => events.push(event) }, key)
    const passedOver = ['PENTOGRAPHER_CLIENT_ID and PENTOGRAPHER_CLIENT_SECRET']
    expect(events).toMatchObject([{ credential: { source: 'PENTOGRAPHER_API_KEY' }, passedOver }])
  })

  it('each place wins over those behind it, and an event names all that were passed over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pentauth-chain-'))
    const [keyPath, envFile] = [join(folder, 'key'), join(folder, '.env')]
    writeFileSync(keyPath, testKey.pentographer('file'))
    const clients = { PENTOGRAPHER_CLIENT_ID: clientId, PENTOGRAPHER_CLIENT_SECRET: clientSecret }
    const set = { PENTOGRAPHER_API_KEY: testKey.pentographer('set'), PENTOGRAPHER_API_KEY_FILE: keyPath, ...clients }
    const lines = Object.entries(set).map((entry) => entry.join('='))
    writeFileSync(envFile, lines.join('\n'))

    const places: [string, Partial<typeof set>][] = [
      ['PENTOGRAPHER_API_KEY', set],
      [`PENTOGRAPHER_API_KEY_FILE (${keyPath})`, { PENTOGRAPHER_API_KEY_FILE: keyPath, ...clients }],
      [`${envFile}:1`, {}],
    ]
    const all = [
      'PENTOGRAPHER_API_KEY',
      'PENTOGRAPHER_API_KEY_FILE',
      'PENTOGRAPHER_CLIENT_ID and PENTOGRAPHER_CLIENT_SECRET',
      `PENTOGRAPHER_API_KEY in ${envFile}`,
      `PENTOGRAPHER_API_KEY_FILE in ${envFile}`,
      `PENTOGRAPHER_CLIENT_ID in ${envFile} and PENTOGRAPHER_CLIENT_SECRET in ${envFile}`,
    ]
    const selected = async (env: Partial<typeof set>, more: Parameters<typeof createAuth>[1] = {}) => {
      const events: PentauthEvent[] = []
      const onEvent = (event: PentauthEvent) => events.push(event)
      await createAuth(pentographer, { env, envFile, onEvent, ...more }).credential()
      return events.flatMap((event) =>
        event.type === 'credential_selected' ? [event.credential.source, ...event.passedOver] : [],
      )
    }
    try {
      const credential = apiKey(testKey.pentographer('option'))
      expect(await selected(set, { credential })).toEqual(['option "credential"', ...all])
      for (const [index, [source, env]] of places.entries()) {
        const behind = index === 2 ? all.slice(4) : all.slice(index + 1)
        expect(await selected(env)).toEqual([source, ...behind])
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('what is broken and was passed over fails nothing, and is named as there', async () => {
    const events: PentauthEvent[] = []
    const onEvent = (event: PentauthEvent) => events.push(event)
    const env = { PENSYVE_API_KEY: testKey.pensyve(), PENSYVE_API_KEY_FILE: tmpdir() }
    expect((await createAuth(pensyve, { env, envFile: tmpdir(), onEvent }).credential()).source).toBe('PENSYVE_API_KEY')
    expect(events.at(-1)).toMatchObject({ type: 'credential_selected', passedOver: ['PENSYVE_API_KEY_FILE'] })
  })

  it('white space around a key is removed', async () => {
    const key = testKey.pensyve()
    expect((await headerOf(pensyve, { env: { PENSYVE_API_KEY: ` ${key}\n` } }, key)).isKey).toBe(true)
  })

  it('reads process.env when nothing else is given', async () => {
    const key = testKey.pensyve('process')
    process.env.PENSYVE_API_KEY = key
    try {
      expect((await headerOf(pensyve, {}, key)).isKey).toBe(true)
    } finally {
      delete process.env.PENSYVE_API_KEY
    }
  })

  it('a credential that the program chose is not replaced by the environment', async () => {
    const env = { PENSYVE_API_KEY: testKey.pensyve() }
    for (const credential of [
      envKey('TEAM_MEMORY_KEY', { env }),
      keyFile('/nowhere/key'),
      firstOf(keyFile('/nowhere/key')),
    ]) {
      const error = await caught(createAuth(pensyve, { env, credential }).credential())
      expect(error.code).toBe('no_credential')
      expect(error.tried).toHaveLength(1)
    }
  })

  it('looks for no credential before the first use', () => {
    const asked: unknown[] = []
    const ask = (_target: object, name: string | symbol) => void asked.push(name)
    const env = new Proxy({}, { get: ask, getOwnPropertyDescriptor: ask })
    createAuth(pensyve, { env, envFile: '/nowhere/.env', onEvent: () => undefined })
    // Where the service is can be asked of the result at once.
    expect(asked).toEqual(['PENSYVE_BASE_URL'])
  })
})

describe('when nothing is found', () => {
  it('the error lists each link, what was looked at and the next step', async () => {
    const error = await caught(createAuth(pentographer, { env: { PENTOGRAPHER_API_KEY: '  ' } }).credential())
    expect(error).toMatchObject({
      code: 'no_credential',
      link: 'https://app.pentographer.com/settings',
      tried: [
        { source: 'option "credential"', result: 'not given' },
        { source: 'PENTOGRAPHER_API_KEY', result: 'set but blank', next: 'export PENTOGRAPHER_API_KEY=ptg_…' },
        {
          source: 'PENTOGRAPHER_API_KEY_FILE',
          result: 'not set',
          next: 'export PENTOGRAPHER_API_KEY_FILE=/run/secrets/pentographer',
        },
        { source: 'PENTOGRAPHER_CLIENT_ID and PENTOGRAPHER_CLIENT_SECRET', result: 'not set' },
      ],
    })
    expect(error.message).toContain('- PENTOGRAPHER_API_KEY: set but blank; export PENTOGRAPHER_API_KEY=ptg_…')
  })

  it.each([
    ['secret', { PENTOGRAPHER_CLIENT_ID: clientId }, 'PENTOGRAPHER_CLIENT_SECRET not set'],
    ['ID', { PENTOGRAPHER_CLIENT_SECRET: clientSecret }, 'PENTOGRAPHER_CLIENT_ID not set'],
  ])('a client without its %s is named', async (_what, env, result) => {
    const error = await caught(createAuth(pentographer, { env }).credential())
    expect(error.tried.at(-1).result).toBe(result)
  })

  it('a key where only OAuth is accepted is skipped, and the error says so', async () => {
    const auth = createAuth(pendium, { env: { PENDIUM_API_KEY: testKey.pendium() } })
    const error = await caught(auth.fetch('https://pendium.ai/mcp'))
    expect(error.code).toBe('no_credential')
    expect(error.tried).toContainEqual({ source: 'PENDIUM_API_KEY', result: 'skipped: mcp takes no API keys' })
    expect(error.hint).toContain('access tokens only')
  })

  it('a malformed key is an error of its own, not a reason to look further', async () => {
    const env = { PENTOGRAPHER_API_KEY: clientSecret, PENTOGRAPHER_CLIENT_ID: clientId }
    const error = await caught(createAuth(pentographer, { env }).credential())
    expect(error).toMatchObject({ code: 'wrong_credential' })
    expect(error.message).toContain('from PENTOGRAPHER_API_KEY looks like a Pentographer client secret')
    expect(error.hint).toContain('clientCredentials')
  })
})

describe('what is no option', () => {
  it.each(['psy_text', 5, {}])('a credential that is no source: %j', (credential) => {
    const make = () => createAuth(pensyve, { credential: credential as never })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it.each([undefined, null, 'pensyve'])('a service that is no definition: %s', (service) => {
    const make = () => createAuth(service as never, { env: {} })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_service' }))
  })

  it('half a client is told with the page where clients are made', async () => {
    const error = await caught(createAuth(pentographer, { env: { PENTOGRAPHER_CLIENT_ID: clientId } }).credential())
    expect(error.hint).toContain('an OAuth client at Workspace Settings > OAuth Clients')
  })

  it('a client that cannot be one is named by its variable', async () => {
    const env = { PENTOGRAPHER_CLIENT_ID: clientId, PENTOGRAPHER_CLIENT_SECRET: testKey.pentographer() }
    const error = await caught(createAuth(pentographer, { env }).credential())
    expect(error.message).toContain('client secret from PENTOGRAPHER_CLIENT_SECRET looks like')
  })
})
