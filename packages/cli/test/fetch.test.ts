import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { cli, start, world } from './support/cli.ts'
import { ownService } from './support/own-service.ts'

const chat = { model: 'qwen3.6:27b', messages: [{ role: 'user', content: 'Hello' }] }

describe('pentauth fetch', () => {
  it('calls below the resource, wherever the path begins', async () => {
    const { sandbox, env, origins } = await world()
    const { key } = sandbox.keys.create('pendra')
    const calls = ['models', '/models', '/api/v1/models', `${origins['https://api.pendra.ai']}/api/v1/models`]
    const answers = await Promise.all(
      calls.map((path) => cli(['fetch', 'pendra', path], { env: { ...env, PENDRA_API_KEY: key } })),
    )
    for (const { code, stdout, stderr } of answers) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(JSON.parse(stdout).data.length).toBeGreaterThan(0)
    }
    expect(sandbox.journal.entries.map(({ operation }) => operation)).toEqual(calls.map(() => 'models'))
  })

  it('prints a stream as it arrives', async () => {
    const { sandbox, env } = await world({ streamInterval: 100 })
    const { key } = sandbox.keys.create('pendra')
    const body = JSON.stringify({ ...chat, stream: true })
    const { said, like, ended } = start(['fetch', 'pendra', 'chat/completions', '-d', body], {
      env: { ...env, PENDRA_API_KEY: key },
    })
    await like(/^data: \{/)
    expect(said.stdout).not.toContain('[DONE]')
    expect(await ended).toMatchObject({ code: 0 })
    expect(said.stdout).toContain('[DONE]')
  })

  it('explains a refusal on stderr, with the body on stdout and the code for scripts', async () => {
    const { sandbox, env } = await world()
    const { id, key } = sandbox.keys.create('pendra')
    sandbox.keys.revoke('pendra', id)
    const withKey = { ...env, PENDRA_API_KEY: key }
    const [text, json, late] = await Promise.all([
      cli(['fetch', 'pendra', 'models', '-i'], { env: withKey }),
      cli(['fetch', 'pendra', 'models', '--json'], { env: withKey }),
      cli(['fetch', 'pendra', 'nothing-there'], { env: withKey }),
    ])
    expect(text.code).toBe(4)
    expect(text.stdout).toMatch(/^HTTP 401 .*\n(?:[a-z-]+: .*\n)+\n\{/)
    expect(text.stderr).toContain('PENDRA_API_KEY')
    expect(text.stderr).toContain('credential_refused: ')
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 401, body: expect.anything() })
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'credential_refused', status: 401 } })
    expect(late.code).toBe(4)
  })

  it('sends what was written, with the type that people expect, and returns bytes as they are', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128, 27])
    const seen: { type: string | undefined; method: string | undefined; text: string; extra: unknown }[] = []
    const { file, folder } = await ownService((request, response) => {
      const { method, headers, text } = request
      seen.push({ type: headers['content-type'], method, text: text.toString('latin1'), extra: headers['x-extra'] })
      response.setHeader('set-cookie', 'session=abc')
      response.setHeader('x-echo', `key ${headers['x-api-key']}`)
      response.end(bytes)
    })
    writeFileSync(join(folder, 'body.bin'), bytes)
    const options = { env: { OWN_API_KEY: testKey.token('own'), HOME: folder }, cwd: folder }
    const to = ['fetch', file, 'things']
    const [first] = [
      await cli([...to, '--json', '-d', '{"a":1}', '-H', 'X-Extra: one', '-H', 'x-extra: two'], options),
      await cli([...to, '-X', 'put', '-d', 'a=1&b=2', '-o', 'answer.bin'], options),
      await cli([...to, '-d', '@body.bin', '-o', 'answer.bin', '-i'], options),
      await cli([...to, '-d', '-', '-H', 'content-type: text/x-own'], { ...options, input: 'from stdin' }),
    ]
    expect(seen).toEqual([
      { type: 'application/json', method: 'POST', text: '{"a":1}', extra: 'one, two' },
      { type: 'application/x-www-form-urlencoded', method: 'PUT', text: 'a=1&b=2', extra: undefined },
      { type: 'application/octet-stream', method: 'POST', text: bytes.toString('latin1'), extra: undefined },
      { type: 'text/x-own', method: 'POST', text: 'from stdin', extra: undefined },
    ])
    expect(JSON.parse(first.stdout)).toMatchObject({
      status: 200,
      headers: { 'set-cookie': '[secret]', 'x-echo': '[secret]' },
      body: bytes.toString('base64'),
      encoding: 'base64',
    })
    expect(readFileSync(join(folder, 'answer.bin')).equals(bytes)).toBe(true)
  })

  it('writes where a link leads with the permissions that are there, and into what is no file', async () => {
    const { file, folder } = await ownService((_, response) => response.end('whole'))
    const options = { env: { OWN_API_KEY: testKey.token('own'), HOME: folder }, cwd: folder }
    const [real, link, pipe] = ['real', 'link', 'pipe'].map((name) => join(folder, name)) as [string, string, string]
    writeFileSync(real, 'before', { mode: 0o600 })
    symlinkSync(real, link)
    execFileSync('mkfifo', [pipe])
    expect((await cli(['fetch', file, 'things', '-o', link], options)).code).toBe(0)
    expect([lstatSync(link).isSymbolicLink(), readFileSync(real, 'utf8'), statSync(real).mode & 0o777]).toEqual([
      true,
      'whole',
      0o600,
    ])
    const [read, { code }] = await Promise.all([
      readFile(pipe, 'utf8'),
      cli(['fetch', file, 'things', '-o', pipe], options),
    ])
    expect([code, read, lstatSync(pipe).isFIFO()]).toEqual([0, 'whole', true])
  })

  it('obeys nothing that a service says to a terminal', async () => {
    const { file, folder } = await ownService((_, response) => {
      response.setHeader('x-say', 'a\u009b2Jb')
      response.end('"a\u009b2J\u202eb"')
    })
    const options = { env: { OWN_API_KEY: testKey.token('own'), HOME: folder }, cwd: folder }
    const { stdout } = await cli(['fetch', file, 'things', '--json'], options)
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
    expect(JSON.parse(stdout)).toMatchObject({
      headers: { 'x-say': expect.stringMatching(/^a.*\u009b2Jb$/) },
      body: 'a\u009b2J\u202eb',
    })
    const { said, ended } = start(['fetch', file, 'things', '-i'], { ...options, terminal: true })
    await ended
    expect(said.stdout).toMatch(/x-say: a/)
    expect(said.stdout).not.toMatch(/[\u009b\u202e]/)
  })

  it('is not for credentials of one’s own, other hosts, or a body of GET', async () => {
    const { file, folder, origin } = await ownService((_, response) => response.end('{}'))
    const options = { env: { OWN_API_KEY: testKey.token('own'), HOME: folder }, cwd: folder }
    const refused = await Promise.all([
      cli(['fetch', file, '-H', 'Authorization: Bearer x'], options),
      cli(['fetch', file, 'https://elsewhere.example/v1'], options),
      cli(['fetch', file, `${origin}/other`], options),
      cli(['fetch', file, '-X', 'GET', '-d', '{}'], options),
      cli(['fetch', file, '-d', '@missing'], options),
      cli(['fetch', file, '-o', 'no/such/folder'], options),
    ])
    expect(refused.map(({ code, stdout }) => ({ code, stdout }))).toEqual(refused.map(() => ({ code: 2, stdout: '' })))
    expect(refused.map(({ stderr }) => /\((\w+): /.exec(stderr)?.[1])).toEqual([
      'invalid_option',
      'url_not_covered',
      'url_not_covered',
      'invalid_option',
      'invalid_option',
      'invalid_option',
    ])
  })

  it('says that nobody answers, or no longer, and that it may be tried again', async () => {
    const { file, folder } = await ownService((request, response) => {
      if (request.url === '/v1/none') return void request.socket.destroy()
      response.write('the beginning')
      setTimeout(() => request.socket.destroy(), 100)
    })
    const options = { env: { OWN_API_KEY: testKey.token('own'), HOME: folder }, cwd: folder }
    const [none, part] = await Promise.all([
      cli(['fetch', file, 'none', '--json'], options),
      cli(['fetch', file, 'part'], options),
    ])
    expect([none.code, part.code, part.stdout]).toEqual([5, 5, 'the beginning'])
    expect(JSON.parse(none.stderr)).toMatchObject({ error: { code: 'network_error', retryable: true } })
  })

  it('lets no service move the cursor of a terminal', async () => {
    const { file, folder } = await ownService((_, response) => response.end('\u001b[2Jgone\u009b1A'))
    const env = { OWN_API_KEY: testKey.token('own'), HOME: folder }
    const { ended, said } = start(['fetch', file], { env, terminal: true })
    expect([(await ended).code, said.stdout]).toEqual([0, '[2Jgone1A\r\n'])
  })

  it('ends with Ctrl-C, and leaves no half of a file', async () => {
    const { file, folder } = await ownService((_, response) => void response.write('the beginning'))
    const { child, ended } = start(['fetch', file, '-o', 'whole.txt'], {
      env: { OWN_API_KEY: testKey.token('own'), HOME: folder },
      cwd: folder,
    })
    const half = () => readdirSync(folder).filter((name) => name.endsWith('.part'))
    for (let turn = 0; turn < 500 && half().length === 0; turn++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(half()).toHaveLength(1)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ signal: 'SIGINT' })
    expect(readdirSync(folder)).toEqual(['own.json'])
  })
})
