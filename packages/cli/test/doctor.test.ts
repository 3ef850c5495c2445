import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { cli, start, temporaryFolder, world } from './support/cli.ts'
import { site } from './support/site.ts'

describe('pentauth doctor', () => {
  it('examines a service where the environment says it is, and ends well', async () => {
    const { env, origins } = await world()
    const { code, stdout, stderr } = await cli(['doctor', 'pensyve'], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Pensyve: ${origins['https://mcp.pensyve.com']}/mcp\n\n1 Reach it\n`)
    expect(stdout).toMatch(/0 error, 0 warning, \d+ info, \d+ ok; \d+ requests\n$/)
    expect(stdout).not.toContain('\u001b')
  })

  it('ends with 6 where it finds an error, and prints JSON alone', async () => {
    const { mcp } = await site({ server: { code_challenge_methods_supported: undefined } })
    const { code, stdout, stderr } = await cli(['doctor', mcp, '--json'])
    expect({ code, stderr }).toEqual({ code: 6, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ format: 1, url: mcp, result: 'error' })
  })

  it('ends with 6 for a warning where that is asked for, and writes a page', async () => {
    const { mcp } = await site({ server: { authorization_response_iss_parameter_supported: false } })
    const folder = temporaryFolder()
    const options = ['doctor', mcp, '--html', 'report.html']
    expect(await cli(options, { cwd: folder })).toMatchObject({
      code: 0,
      stderr: `Written to ${join(folder, 'report.html')}\n`,
    })
    const { code, stdout } = await cli([...options.slice(0, 3), '--fail-on', 'warning'], { cwd: folder })
    expect(code).toBe(6)
    expect(stdout).toMatch(/^<!doctype html>.*<\/html>\n$/s)
    expect(readFileSync(join(folder, 'report.html'), 'utf8').length).toBeGreaterThan(5_000)
  })

  it('ends with 5 where nothing answers', async () => {
    const { code, stdout } = await cli(['doctor', 'http://127.0.0.1:1/mcp'])
    expect(code).toBe(5)
    expect(stdout).toContain('✗ reach.answers  no connection')
    expect(stdout).toContain('It could not be reached.')
  })

  it('sends nothing by plain http, and names what cannot be used', async () => {
    const { code, stdout } = await cli(['doctor', 'http://mcp.example/mcp'])
    expect(code).toBe(6)
    expect(stdout).toContain('✗ reach.https')
    const { code: misused, stderr } = await cli(['doctor', 'pensyve', '--page', 'app'])
    expect(misused).toBe(2)
    expect(stderr).toContain('--page is no origin.')
  })

  it('signs a person in, and keeps nothing', async () => {
    const { env, sandbox } = await world()
    const running = start(['doctor', 'pensyve', '--sign-in', '--json'], { env })
    const page = await running.like(/(http:\S+code_challenge=\S+)/)
    await fetch(await signInAt(fetch, page))
    expect(await running.ended).toMatchObject({ code: 0 })
    const report = JSON.parse(running.said.stdout)
    expect(report.steps.at(-1).findings.map(({ id }: { id: string }) => id)).toContain('token.reuse')
    expect(existsSync(env.PENTAUTH_HOME ?? '')).toBe(false)
    expect(sandbox.apps.list('pensyve')).toEqual([])
  })

  it('takes its client away again after Ctrl-C', async () => {
    const { mcp, asked } = await site()
    const running = start(['doctor', mcp, '--sign-in'], { env: { HOME: temporaryFolder() } })
    await running.like(/Waiting for the browser/)
    running.child.kill('SIGINT')
    expect(await running.ended).toEqual({ code: null, signal: 'SIGINT' })
    expect(asked.at(-1)).toMatchObject({ method: 'DELETE' })
    expect(running.said.stdout).toBe('')
  })

  it('shows its progress at a terminal, and colours', async () => {
    const { env } = await world()
    const running = start(['doctor', 'pendium'], { env: { ...env, TERM: 'xterm' }, terminal: true })
    await running.ended
    expect(running.said.stdout).toContain('\u001b[KAsk without a token…')
    expect(running.said.stdout).toContain('\u001b[32m✓\u001b[39m The address answers.')
  })
})
