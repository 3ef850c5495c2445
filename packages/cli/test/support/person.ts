import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '@pentauth/core'
import { signIn } from '@pentauth/node'
import { signInAt } from '@pentauth/sandbox'
import { vi } from 'vitest'
import { temporaryFolder } from './cli.ts'

/** What a person does with the page they are sent to: they allow the access, and their browser goes back. */
export async function comeBack(page: string): Promise<void> {
  await fetch(await signInAt(fetch, page))
}

/** The environment of a desktop whose browser only writes down what it is asked to open. */
export interface Desktop {
  readonly env: Readonly<Record<string, string>>
  /** The page that was opened as the `nth`, as soon as it is. */
  readonly opened: (nth?: number) => Promise<string>
}

export function desktop(): Desktop {
  const folder = temporaryFolder()
  const [browser, record] = [join(folder, 'browser'), join(folder, 'pages')]
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >>'${record}'\n`)
  chmodSync(browser, 0o755)
  const pages = () => (existsSync(record) ? readFileSync(record, 'utf8').split('\n').filter(Boolean) : [])
  const opened = (nth = 1) =>
    vi.waitFor(
      () => {
        const page = pages()[nth - 1]
        if (page === undefined) throw new TypeError('no page was opened')
        return page
      },
      { timeout: 30_000, interval: 20 },
    )
  return { env: { BROWSER: browser }, opened }
}

/** An SSH session, where no browser opens. */
export const ssh = { SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' }

/** Signs somebody in without a process, into the home that processes use then. */
export async function signedInAs(
  env: Readonly<Record<string, string>>,
  service: Service,
  account?: string,
): Promise<void> {
  const heard = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await signIn(service, {
    env,
    account,
    present: async (request) => (request.way === 'redirect' ? String(await signInAt(fetch, request.url)) : undefined),
  })
  heard.mockRestore()
}
