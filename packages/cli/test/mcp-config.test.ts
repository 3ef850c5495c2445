import { execFile, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cli, start, temporaryFolder, world } from './support/cli.ts'
import { ownService } from './support/own-service.ts'

const theirs = `Bearer ${testKey.token('of another entry')}`
const present = `{
  // mine
  "mcpServers": {
    "notes": {
      "url": "https://notes.example/mcp",
      "headers": { "Authorization": "${theirs}" }
    } // the last one
  }
}
`
const written = present.replace(
  '    } // the last one\n',
  `    }, // the last one
    "pensyve": {
      "url": "https://mcp.pensyve.com/mcp",
      "headers": {
        "Authorization": "Bearer \${env:PENSYVE_API_KEY}"
      }
    }
`,
)

/** A home with a file of Cursor. */
function home(text = present): { env: Record<string, string>; path: string; args: string[] } {
  const folder = temporaryFolder()
  const path = join(folder, '.cursor', 'mcp.json')
  mkdirSync(dirname(path))
  writeFileSync(path, text)
  return { env: { HOME: folder }, path, args: ['mcp', 'config', 'pensyve', '--client', 'cursor'] }
}

describe('pentauth mcp config', () => {
  it('prints the entry, and nothing of what is in the file', async () => {
    const { env, path, args } = home()
    const { code, stdout, stderr } = await cli(args, { env })
    expect({ code, file: JSON.parse(stdout) }).toEqual({
      code: 0,
      file: {
        mcpServers: {
          pensyve: {
            url: 'https://mcp.pensyve.com/mcp',
            headers: { Authorization: `Bearer \${env:PENSYVE_API_KEY}` },
          },
        },
      },
    })
    expect(stderr).toContain(`File: ${path}\nMust be set: PENSYVE_API_KEY\n`)
    expect(readFileSync(path, 'utf8') === present).toBe(true)
  })

  it('shows the difference without what others have there, and writes it when told to', async () => {
    const { env, path, args } = home()
    chmodSync(path, 0o640)
    const dry = await cli([...args, '--dry-run'], { env })
    expect({ code: dry.code, diff: dry.stdout.replaceAll(path, 'FILE') }).toEqual({
      code: 0,
      diff: `--- FILE
+++ FILE
@@ -5,5 +5,11 @@
       "url": …,
       "headers": …
-    …
+    …
+    "pensyve": {
+      "url": "https://mcp.pensyve.com/mcp",
+      "headers": {
+        "Authorization": "Bearer \${env:PENSYVE_API_KEY}"
+      }
+    }
   }
 }
`,
    })
    const nobody = await cli([...args, '--write'], { env })
    expect([nobody.code, nobody.stdout]).toEqual([2, ''])
    expect(nobody.stderr).toContain('Say --yes to write without being asked.')
    expect(readFileSync(path, 'utf8') === present).toBe(true)
    const yes = await cli([...args, '--write', '--yes'], { env })
    expect([yes.code, yes.stdout]).toEqual([0, ''])
    expect(readFileSync(path, 'utf8') === written).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(readdirSync(dirname(path))).toEqual(['mcp.json'])
    const again = await cli([...args, '--write', '--json'], { env })
    expect([again.code, JSON.parse(again.stdout).written, again.stderr]).toEqual([0, false, ''])
    const other = [...args, '--write', '--yes', '--credential', 'oauth']
    const taken = await cli(other, { env })
    expect([taken.code, taken.stderr.includes('With --replace the new one takes its place')]).toEqual([2, true])
    const replaced = await cli([...other, '--replace', '--json'], { env })
    expect(JSON.parse(replaced.stdout)).toMatchObject({ credential: 'oauth', path, written: true })
    expect(readFileSync(path, 'utf8')).not.toContain('PENSYVE_API_KEY')
  })

  it('asks at a terminal, and leaves what has changed since', async () => {
    const { env, path, args } = home()
    const answered = async (answer: string, meanwhile: () => void = () => undefined) => {
      const { child, ended, like, said } = start([...args, '--write'], { env, terminal: true })
      await like(/Write .*\?/)
      meanwhile()
      child.stdin?.write(answer)
      return { ...(await ended), text: said.stdout }
    }
    expect(await answered('n')).toMatchObject({ code: 1, text: expect.stringContaining('Not written: ') })
    expect(await answered('\u0003')).toMatchObject({ code: 130 })
    expect(readFileSync(path, 'utf8') === present).toBe(true)
    const changed = await answered('y', () => writeFileSync(path, `${present}\n`))
    expect(changed).toMatchObject({ code: 2, text: expect.stringContaining('has changed since it was read') })
    expect(readFileSync(path, 'utf8') === `${present}\n`).toBe(true)
    expect(await answered('y')).toMatchObject({ code: 0 })
    expect(readFileSync(path, 'utf8') === `${written}\n`).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['mcp.json'])
  })

  it('follows a link, makes folders, and a file for its owner alone', async () => {
    const { env, path, args } = home()
    const real = join(temporaryFolder(), 'dotfiles', 'mcp.json')
    const link = join(dirname(path), 'linked.json')
    symlinkSync(real, link)
    const { code } = await cli([...args, '--write', '--yes', '--file', link], { env })
    expect([code, existsSync(real), readdirSync(dirname(path))]).toEqual([0, true, ['linked.json', 'mcp.json']])
    expect(statSync(real).mode & 0o777).toBe(0o600)
    const broken = join(dirname(path), 'broken.json')
    writeFileSync(broken, Buffer.from([123, 255, 125]))
    const refused = await cli([...args, '--write', '--yes', '--file', broken], { env })
    expect([refused.code, refused.stderr.includes('is no text in UTF-8')]).toEqual([2, true])
    const pipe = join(dirname(path), 'pipe.json')
    execFileSync('mkfifo', [pipe])
    const noFile = await cli([...args, '--write', '--yes', '--file', pipe], { env })
    expect([noFile.code, noFile.stderr.includes('is no file')]).toEqual([2, true])
    writeFileSync(broken, '{ "mcpServers": [')
    const unread = await cli([...args, '--write', '--yes', '--file', broken], { env })
    expect([unread.code, unread.stderr.includes('without --write you get it alone')]).toEqual([2, true])
  })

  it('takes no option that would do nothing', async () => {
    const { env, args } = home()
    const idle = [['--yes'], ['--replace'], ['--file', 'x.json']]
    const runs = await Promise.all(idle.map((options) => cli([...args, ...options], { env })))
    expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [2, '']))
    for (const { stderr } of runs) expect(stderr).toContain('Say --write')
  })

  it('follows links to links that lead to nothing yet, and says which file it wrote', async () => {
    const { env, path, args } = home()
    const [first, second, third] = ['1.json', '2.json', '3.json'].map((name) => join(dirname(path), name)) as string[]
    symlinkSync(String(second), String(first))
    symlinkSync(String(third), String(second))
    const { code, stderr } = await cli([...args, '--write', '--yes', '--file', String(first)], { env })
    expect([code, lstatSync(String(second)).isSymbolicLink(), existsSync(String(third))]).toEqual([0, true, true])
    expect(stderr).toContain(`File: ${first}`)
    symlinkSync(join(dirname(path), 'b.json'), join(dirname(path), 'a.json'))
    symlinkSync(join(dirname(path), 'a.json'), join(dirname(path), 'b.json'))
    const round = await cli([...args, '--write', '--yes', '--file', join(dirname(path), 'a.json')], { env })
    expect([round.code, round.stderr.includes('leads in a circle')]).toEqual([2, true])
  })

  it('writes the files of other clients, in a home and in a project', async () => {
    const folder = temporaryFolder()
    const options = { env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') }, cwd: folder }
    const write = ['--write', '--yes', '--json', '--launcher', '["/opt/my tools/pentauth"]']
    mkdirSync(join(folder, '.codex'))
    writeFileSync(join(folder, '.codex', 'config.toml'), 'model = "o1" # mine\r\n')
    const runs = await Promise.all([
      cli(['mcp', 'config', 'pensyve', '--client', 'codex', '--credential', 'helper', ...write], options),
      cli(['mcp', 'config', 'profundis', '--client', 'claude-code', '--scope', 'project', ...write], options),
      cli(['mcp', 'config', 'pendium', '--client', 'claude-desktop', '--account', 'work', ...write], options),
    ])
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, '']))
    const text = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8')
    expect(text('.codex', 'config.toml')).toBe(
      [
        'model = "o1" # mine',
        '',
        '[mcp_servers.pensyve]',
        'url = "https://mcp.pensyve.com/mcp"',
        `http_headers_helper = "'/opt/my tools/pentauth' headers pensyve"`,
        '',
      ].join('\r\n'),
    )
    expect(JSON.parse(text('.mcp.json')).mcpServers.profundis.url).toBe('https://mcp.profundis.io')
    expect(statSync(join(folder, '.mcp.json')).mode & 0o600).toBe(0o600)
    expect(JSON.parse(text('config', 'Claude', 'claude_desktop_config.json')).mcpServers.pendium).toEqual({
      command: '/opt/my tools/pentauth',
      args: ['bridge', 'pendium', '--account', 'work'],
    })
  })

  it('gives a client a command that works, in the sandbox', async () => {
    const { sandbox, env } = await world()
    const { key } = sandbox.keys.create('pensyve')
    const { url, printed } = await helperOf('pensyve', ['pensyve'], { ...env, PENSYVE_API_KEY: key })
    const headers = { ...printed, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(ping) })
    expect([url, status]).toEqual([`${env.PENSYVE_BASE_URL}/mcp`, 200])
  })

  it('gives a client a command that works for a server by its address, with its key', async () => {
    const { origin, folder } = await ownService(({ headers }, response) => response.end(String(headers['x-api-key'])))
    const key = testKey.token('of my own')
    const options = ['--api-key-env', 'MEMORY_KEY', '--api-key-header', 'x-api-key', '--name', 'memory']
    const env = { HOME: folder, MEMORY_KEY: key }
    const { url, printed } = await helperOf('memory', [`${origin}/mcp`, ...options], env)
    expect((await (await fetch(url, { headers: printed })).text()) === key).toBe(true)
  })

  it('gives a client a bridge that speaks for it', async () => {
    const { sandbox, env } = await world()
    const { key } = sandbox.keys.create('pensyve')
    const config = await cli(['mcp', 'config', 'pensyve', '--client', 'claude-desktop'], { env })
    const { command, args, env: more } = JSON.parse(config.stdout).mcpServers.pensyve
    const clientInfo = { name: 'test', version: '1' }
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
    const said = await spoken(command, args, { ...more, HOME: env.HOME, PENSYVE_API_KEY: key }, [
      { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    ])
    expect(said).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } })
  })

  it('needs to know the client, and says so', async () => {
    const { env } = home()
    const none = await cli(['mcp', 'config', 'pensyve', '--json'], { env })
    expect([none.code, JSON.parse(none.stderr).error.code]).toEqual([2, 'invalid_option'])
    expect((await cli(['mcp', 'config', 'pendra', '--client', 'cursor'], { env })).code).toBe(2)
    const { ended, like, child, said } = start(['mcp', 'config', 'pensyve'], { env, terminal: true })
    await like(/Which client\?/)
    child.stdin?.write('\r')
    expect(await ended).toMatchObject({ code: 0 })
    expect(said.stdout).toContain('.claude.json')
  })
})

/** What Claude Code is told, and what the command that it then runs prints. */
async function helperOf(
  name: string,
  service: readonly string[],
  env: Record<string, string>,
): Promise<{ readonly url: string; readonly printed: Record<string, string> }> {
  const args = ['mcp', 'config', ...service, '--client', 'claude-code', '--credential', 'helper']
  const { stdout } = await cli(args, { env })
  const { url, headersHelper } = JSON.parse(stdout).mcpServers[name]
  return { url, printed: JSON.parse(await shell(headersHelper, env)) }
}

/** The first line that a server on stdin and stdout answers. */
async function spoken(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  messages: readonly object[],
): Promise<object> {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  for (const message of messages) child.stdin.write(`${JSON.stringify(message)}\n`)
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
  throw new TypeError('The server has ended.')
}

function shell(line: string, env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', line], { env: { PATH: '/usr/bin:/bin', ...env } }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
}
