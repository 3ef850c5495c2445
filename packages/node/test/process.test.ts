import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'

// What only a process of its own shows: what it loads, and what it prints where. It runs the built package.

const run = promisify(execFile)
const dist = join(import.meta.dirname, '..', 'dist', 'index.js')

async function program(code: string, env: Record<string, string> = {}) {
  const imports = `import { createAuth } from ${JSON.stringify(dist)}
import { pensyve, pentographer } from '@pentauth/core/services'
`
  const options = { cwd: import.meta.dirname, env: { PATH: process.env.PATH, ...env } }
  return run(process.execPath, ['--input-type=module', '-e', imports + code], options)
}

describe('loading', () => {
  const heavy =
    /undici|NativeModule child_process$|webcrypto|crypto\/webapi|internal\/crypto\/(?:hash|webcrypto)$|node:https?$|_http_/
  const headersOfKey = 'await createAuth(pensyve).headers(pensyve.resources.rest.url)'
  const loadedBy = async (code: string) => {
    const list = `;console.log(JSON.stringify(process.moduleLoadList))`
    const { stdout } = await program(code + list, { PENSYVE_API_KEY: testKey.pensyve() })
    return (JSON.parse(stdout) as string[]).filter((name) => heavy.test(name))
  }

  it('gets the headers of a key without loading fetch or crypto', async () => {
    const { stdout } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      'console.log(JSON.stringify(process.moduleLoadList))',
    ])
    const bare = (JSON.parse(stdout) as string[]).filter((name) => heavy.test(name))
    expect(await loadedBy(headersOfKey)).toEqual(bare)
    // The same look finds them once they are used.
    expect((await loadedBy('new Headers()')).length).toBeGreaterThan(bare.length)
  })

  it('loads no package but our own core', async () => {
    const { stdout } = await program(`await createAuth(pensyve).headers(pensyve.resources.rest.url)`, {
      PENSYVE_API_KEY: testKey.pensyve(),
      NODE_DEBUG: 'esm',
    }).then(({ stderr }) => ({ stdout: stderr }))
    expect(stdout).toContain('core/dist/index.js')
    expect(stdout).not.toMatch(/node_modules\/(?:\.pnpm\/)?(?:oauth4webapi|zod|jose|ky)\b/)
  })
})

describe('PENTAUTH_DEBUG=1', () => {
  it('prints events to stderr, without the secret, and nothing to stdout', async () => {
    const code = `await createAuth(pensyve).credential()`
    const { stdout, stderr } = await program(code, { PENSYVE_API_KEY: testKey.pensyve(), PENTAUTH_DEBUG: '1' })
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^pentauth pensyve credential_selected \{.*"source":"PENSYVE_API_KEY","preview":"psy_/m)
    expect(stderr.includes(testKey.pensyve())).toBe(false)
  })

  it('prints nothing otherwise', async () => {
    const { stdout, stderr } = await program('await createAuth(pensyve).credential()', {
      PENSYVE_API_KEY: testKey.pensyve(),
    })
    expect(stdout + stderr).toBe('')
  })
})

describe('an uncaught error', () => {
  it('prints the table of what was tried, and no secret', async () => {
    const failed = await program('await createAuth(pensyve).credential()').catch((error: { stderr: string }) => error)
    expect(failed.stderr).toContain('- PENSYVE_API_KEY: not set; export PENSYVE_API_KEY=psy_…')
    const wrong = await program('await createAuth(pensyve).credential()', { PENSYVE_API_KEY: testKey.pendra() }).catch(
      (error) => error,
    )
    expect(wrong.stderr).toContain('looks like a Pendra API key')
    expect(wrong.stderr.includes(testKey.pendra())).toBe(false)
  })
})
