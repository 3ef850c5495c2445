import { execFile } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createAuth, profundis, signIn } from '@pentauth/node'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { cli, temporaryFolder, world } from './support/cli.ts'

const main = join(import.meta.dirname, '..', 'dist', 'main.js')

/** What a shell would offer for the last word. */
async function offered(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await cli(['complete', '--', ...words], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0] ?? '')
}

describe('completion', () => {
  it('knows commands, options, services, clients, and what options take', async () => {
    const [commands, below, services, options, client, choices, resources, nothing] = await Promise.all([
      offered(['']),
      offered(['mcp', '']),
      offered(['fetch', '--account', 'work', 'pe']),
      offered(['headers', 'pensyve', '--m']),
      offered(['mcp', 'config', 'pensyve', '--client', 'claude']),
      offered(['mcp', 'config', 'pensyve', '--scope', '']),
      offered(['fetch', 'pendra', '--resource', 'r']),
      offered(['fetch', 'pendra', '-d', '']),
    ])
    expect(commands).toEqual(expect.arrayContaining(['headers', 'fetch', 'mcp', 'completion']))
    expect(commands).not.toContain('complete')
    expect(below).toEqual(['config'])
    expect(services).toEqual(['pendium', 'pensyve', 'pentographer', 'pendra'])
    expect(options).toEqual(['--min-life'])
    expect(client).toEqual(['claude-code', 'claude-desktop'])
    expect(choices).toEqual(['user', 'project'])
    expect(resources).toEqual(['rest', 'responses'])
    expect(nothing).toEqual([])
  })

  it('knows the accounts that are signed in', async () => {
    const { env } = await world()
    const { service } = createAuth(profundis, { env })
    const present = async (request: { readonly url?: URL }) =>
      void (await fetch(await signInAt(fetch, String(request.url))))
    await signIn(service, { env, present: present as never, account: 'work' })
    expect(await offered(['headers', 'profundis', '--account', ''], env)).toEqual(['work'])
  })

  it('works in bash', async () => {
    const folder = temporaryFolder()
    symlinkSync(main, join(folder, 'pentauth'))
    const script = `eval "$(pentauth completion bash)"
complete -p pentauth
complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pentauth; echo "\${COMPREPLY[@]}"; }
complete_line pentauth mcp config pensyve --client cu
complete_line pentauth headers pro`
    expect(await inShell('bash', script, folder)).toBe('complete -o default -F _pentauth pentauth\ncursor\nprofundis\n')
  })

  it.each(['zsh', 'fish'])('is a script that %s can read, where it is there', async (shell) => {
    const { code, stdout } = await cli(['completion', shell])
    expect([code, stdout.includes(' complete -- ')]).toEqual([0, true])
    if (['/bin', '/usr/bin'].some((folder) => existsSync(join(folder, shell)))) await inShell(shell, stdout, '', ['-n'])
  })

  it('is refused for a shell that nobody knows', async () => {
    expect((await cli(['completion', 'tcsh'])).code).toBe(2)
    expect((await cli(['completion', 'powershell'])).stdout).toContain('Register-ArgumentCompleter -Native')
  })
})

function inShell(shell: string, script: string, folder: string, options: readonly string[] = []): Promise<string> {
  const env = { PATH: `${folder}:${join(process.execPath, '..')}:/usr/bin:/bin` }
  return new Promise((resolve, reject) => {
    execFile(shell, [...options, '-c', script], { env }, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}
