import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('nothing of the MCP SDK is loaded before the first MCP call that is let in', async () => {
  const fixture = join(import.meta.dirname, 'fixtures', 'mcp-loading.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--experimental-strip-types',
    '--no-warnings',
    fixture,
  ])
  const { before, after, status } = JSON.parse(stdout) as { before: string[]; after: string[]; status: number }
  const ofSdk = (name: string): boolean => name.startsWith('@modelcontextprotocol/')
  expect(before).toContain('jose')
  expect(before.filter(ofSdk)).toEqual([])
  expect([status, after.some(ofSdk)]).toEqual([200, true])
})
