// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are what is replaced
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pensyve, pentographer } from '@pentauth/core/services'
import { caught, testKey } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it } from 'vitest'
import { apiKey, createAuth, envKey, expandVariables } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-expand-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('expandVariables', () => {
  const env = { A: 'one', B: 'two', BLANK: ' ', RAW: '${A}', CASH: '$&$1' }

  it.each([
    ['nothing to replace', 'nothing to replace'],
    ['${A}', 'one'],
    ['${A}-${B}/${A}', 'one-two/one'],
    ['${A:-other}', 'one'],
    ['${NONE:-other}', 'other'],
    ['${BLANK:-other}', 'other'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b $c}', 'a:-b $c'],
    ['$A and $', '$A and $'],
    ['$${A}', '$one'],
    ['}${A}}', '}one}'],
    ['${RAW}', '${A}'],
    ['${CASH}', '$&$1'],
    ['${NONE:-two\nlines}', 'two\nlines'],
  ])('%j is %j', (text, expected) => {
    expect(expandVariables(text, { env })).toBe(expected)
  })

  it.each([
    ['not set', '${NONE}', 'NONE'],
    ['set but blank', '${BLANK}', 'BLANK'],
    // A member of every object is no variable.
    ['not set', '${constructor}', 'constructor'],
  ])('%s: %s', async (why, text, name) => {
    const error = await caught(() => expandVariables(`${text}/x`, { env, where: 'config.json' }))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toBe(
      `config.json refers to \${${name}}, which is ${why}. Set ${name}, or give a default: \${${name}:-default}.`,
    )
  })

  it.each(['${', '${A', '${}', '${1A}', '${A-b}', '${A:?b}', '${ A }', '${A:-${B}}', '${!A}'])(
    'refuses %s, which is neither form',
    async (text) => {
      const error = await caught(() => expandVariables(text, { env }))
      expect(error).toMatchObject({ code: 'invalid_option' })
      expect(error.message).toContain('The text holds a "${" that is neither ${NAME} nor ${NAME:-default}.')
    },
  )

  it('repeats neither a key in place of a name nor what is around', async () => {
    for (const text of [`\${${testKey.pensyve()}}`, `\${NONE} ${testKey.pensyve()}`, `\${A:-${testKey.pensyve()}`]) {
      expect(await caught(() => expandVariables(text, { env }))).toMatchObject({ code: 'invalid_option' })
    }
  })

  it('reads process.env when nothing else is given', () => {
    process.env.PENTAUTH_TEST_EXPAND = 'here'
    try {
      expect(expandVariables('${PENTAUTH_TEST_EXPAND}')).toBe('here')
    } finally {
      delete process.env.PENTAUTH_TEST_EXPAND
    }
  })
})

describe('references in configuration values', () => {
  const key = testKey.pensyve()
  const credentialFor = (env: Record<string, string>) => createAuth(pensyve, { env }).credential()

  it('a variable that refers to another names both', async () => {
    const credential = await credentialFor({ PENSYVE_API_KEY: '${TEAM_KEY}', TEAM_KEY: key })
    expect(credential.source).toBe('PENSYVE_API_KEY (from TEAM_KEY)')
    expect(credential.secret.reveal() === key).toBe(true)
  })

  it('a default says so', async () => {
    const credential = await credentialFor({ PENSYVE_API_KEY: `\${TEAM_KEY:-${key}}` })
    expect(credential.source).toBe('PENSYVE_API_KEY (from the default for TEAM_KEY)')
  })

  it('a missing one is an error that names both, and no reason to look further', async () => {
    const error = await caught(credentialFor({ PENSYVE_API_KEY: '${TEAM_KEY}' }))
    expect(error.message).toContain('PENSYVE_API_KEY refers to ${TEAM_KEY}, which is not set.')
  })

  it('a malformed key is told with both names', async () => {
    const error = await caught(credentialFor({ PENSYVE_API_KEY: '${TEAM_KEY}', TEAM_KEY: testKey.pendra() }))
    expect(error.message).toContain('from PENSYVE_API_KEY (from TEAM_KEY) looks like a Pendra API key')
  })

  it('a default that is empty counts as not there', async () => {
    const error = await caught(credentialFor({ PENSYVE_API_KEY: '${TEAM_KEY:-}' }))
    expect(error.tried).toContainEqual(expect.objectContaining({ source: 'PENSYVE_API_KEY', result: 'set but blank' }))
  })

  it('client ID and secret', async () => {
    const env = {
      PENTOGRAPHER_CLIENT_ID: '${ID}',
      PENTOGRAPHER_CLIENT_SECRET: '${SECRET}',
      ID: testKey.pentographerClientId(),
      SECRET: testKey.pentographer(),
    }
    const error = await caught(createAuth(pentographer, { env }).credential())
    expect(error.message).toContain('client secret from PENTOGRAPHER_CLIENT_SECRET (from SECRET) looks like')
  })

  it.each([
    [
      'of the environment first',
      `PENSYVE_API_KEY=\${TEAM_KEY}\nTEAM_KEY=${testKey.pensyve('file')}`,
      { TEAM_KEY: key },
    ],
    ['of the file', `PENSYVE_API_KEY="\${TEAM_KEY}"\nTEAM_KEY=${key}`, { TEAM_KEY: '' }],
  ])('in a .env file, a variable %s', async (_name, text, env) => {
    const path = join(folder, 'refers.env')
    writeFileSync(path, text)
    const credential = await createAuth(pensyve, { env, envFile: path }).credential()
    expect(credential.secret.reveal() === key).toBe(true)
    expect(credential.source).toBe(`${path}:1 (from TEAM_KEY)`)
  })

  it('in a .env file, single quotes keep a value as it is', async () => {
    const path = join(folder, 'quoted.env')
    writeFileSync(path, "PENSYVE_API_KEY='psy_${TEAM_KEY}'")
    const credential = await createAuth(pensyve, { env: { TEAM_KEY: 'x' }, envFile: path }).credential()
    expect(credential.source).toBe(`${path}:1`)
  })

  it('in a .env file, a missing one names file and line', async () => {
    const path = join(folder, 'missing.env')
    writeFileSync(path, '\nPENSYVE_API_KEY=${TEAM_KEY}')
    const error = await caught(createAuth(pensyve, { env: {}, envFile: path }).credential())
    expect(error.message).toContain(`PENSYVE_API_KEY at ${path}:2 refers to \${TEAM_KEY}, which is not set.`)
  })

  it('a key in code is none: it says that nothing replaced it', async () => {
    const error = await caught(createAuth(pensyve, { env: {}, credential: apiKey('${TEAM_KEY}') }).credential())
    expect(error.message).toContain('is a variable reference that nothing replaced')
  })
})

describe('envKey', () => {
  it('is the key in a variable of any name', async () => {
    const key = testKey.pensyve()
    const auth = createAuth(pensyve, { env: {}, credential: envKey('TEAM_KEY', { env: { TEAM_KEY: ` ${key}\n` } }) })
    const credential = await auth.credential()
    expect(credential.source).toBe('TEAM_KEY')
    expect(credential.secret.reveal() === key).toBe(true)
  })

  it.each([
    ['not set', {}],
    ['set but blank', { TEAM_KEY: ' ' }],
  ])('%s', async (result, env) => {
    const error = await caught(createAuth(pensyve, { env: {}, credential: envKey('TEAM_KEY', { env }) }).credential())
    expect(error.tried[0]).toEqual({ source: 'TEAM_KEY', result, next: 'export TEAM_KEY=psy_…' })
  })

  it.each([undefined, '', 'TEAM KEY', testKey.pensyve(), 5])('is given a name and nothing else', async (name) => {
    const error = await caught(() => envKey(name as string))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain("Write envKey('PENSYVE_API_KEY'), not its value")
  })
})
