import { readFileSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { PentauthError } from '@pentauth/core'
import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { reportFailure } from '../src/failure.ts'
import { cli, world } from './support/cli.ts'
import { ownService } from './support/own-service.ts'

function said(error: unknown, { json = false, env = {} } = {}): { readonly code: number; readonly text: string } {
  let text = ''
  const stderr = new Writable({
    write(chunk, _, done) {
      text += chunk
      done()
    },
  }) as NodeJS.WriteStream
  return { code: reportFailure(error, { stderr, env }, json), text }
}

describe('a failure', () => {
  it('names commands, and not what only a program can do', async () => {
    const { env } = await world()
    const { code, stderr } = await cli(['headers', 'profundis', '--account', 'work'], { env })
    expect(code).toBe(3)
    expect(stderr).toBe(`pentauth: No credential for Profundis mcp. Tried:
  - PROFUNDIS_API_KEY: not set; export PROFUNDIS_API_KEY=…
  - PROFUNDIS_API_KEY_FILE: not set; export PROFUNDIS_API_KEY_FILE=/run/secrets/profundis
  - saved sign-in "work": no saved sign-in of account "work" in file ~/state; pentauth login profundis --account work
Make an API key at your Profundis account profile (one key per account, shown once).
  (no_credential: @pentauth/core/docs/errors/no_credential.md)
`)
    expect(JSON.parse((await cli(['token', 'pendium', '--print-token', '--json'], { env })).stderr)).toMatchObject({
      error: { code: 'no_credential', tried: [{}, {}, { source: 'saved sign-in', next: 'pentauth login pendium' }] },
    })
  })

  it('helps those who ask by the word, too', async () => {
    const [word, option] = await Promise.all([cli(['help', 'mcp', 'config']), cli(['mcp', 'config', '--help'])])
    expect([word.code, word.stdout]).toEqual([0, option.stdout])
    expect(word.stdout).toContain('Usage: pentauth mcp config')
  })

  it('takes no definition that asks for what another server was given', async () => {
    const { file, folder } = await ownService((_, response) => response.end())
    const definition = JSON.parse(readFileSync(file, 'utf8'))
    for (const audience of ['https://mcp.pensyve.com/mcp', 'urn:others']) {
      definition.resources.rest.audience = audience
      writeFileSync(file, JSON.stringify(definition))
      const runs = await Promise.all([
        cli(['fetch', file, 'x'], { cwd: folder }),
        cli(['logout', file], { cwd: folder }),
        cli(['headers', file], { cwd: folder }),
      ])
      expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [2, '']))
      for (const { stderr } of runs) expect(stderr).toMatch(/audience.*invalid_service/s)
    }
  })

  it('refuses a label that would not look as it is', async () => {
    const labels = ['a\nb', 'a\u001b[2J', 'a\u202eb', '', 'a'.repeat(101)]
    const runs = await Promise.all(labels.map((label) => cli(['status', 'pendium', '--account', label])))
    expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [2, '']))
  })

  it('moves no cursor, whoever wrote its text', () => {
    const error = new PentauthError({ code: 'request_rejected', message: 'a\u001b[2Jb\r\u202ec', hint: 'd\ne' })
    expect(said(error)).toEqual({
      code: 4,
      text: 'pentauth: ab  c d\ne\n  (request_rejected: @pentauth/core/docs/errors/request_rejected.md)\n',
    })
  })

  it('of our own making is one line, and even its stack repeats nothing', () => {
    const key = testKey.pendra()
    const error = new TypeError(`Invalid header ${key}\n    at ${key}`)
    expect(said(error)).toEqual({
      code: 1,
      text: 'pentauth: This is a mistake of pentauth itself (TypeError). PENTAUTH_DEBUG=1 shows where.\n',
    })
    expect(JSON.parse(said(error, { json: true }).text)).toEqual({
      error: { code: 'internal_error', message: expect.stringContaining('(TypeError)') },
    })
    const { text } = said(error, { env: { PENTAUTH_DEBUG: '1' } })
    expect(text).toMatch(/^pentauth: This is a mistake of pentauth itself \(TypeError\)\.\n(?: {4}at .*\n)+$/)
    expect(text).not.toContain(key)
    expect(said(undefined).code).toBe(1)
  })
})
