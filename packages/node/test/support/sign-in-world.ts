import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Service, type Store } from '@pentauth/core'
import { createSandbox, type Sandbox, type SandboxOptions, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { onTestFinished, vi } from 'vitest'
import { type PentauthEvent, pensyve, profundis, relocate } from '../../src/index.ts'

/** The sandbox on this machine, and what a program that signs in there has. */
export interface SignInWorld {
  readonly sandbox: Sandbox
  readonly origins: Readonly<Record<string, string>>
  readonly store: Store
  readonly events: readonly PentauthEvent[]
  readonly profundis: Service
  readonly pensyve: Service
  readonly options: { readonly store: Store; readonly onEvent: (event: PentauthEvent) => void }
}

export async function signInWorld(options: SandboxOptions = {}): Promise<SignInWorld> {
  const sandbox = createSandbox(options)
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const events: PentauthEvent[] = []
  const store = memoryStore()
  return {
    sandbox,
    origins: server.origins,
    store,
    events,
    profundis: relocate(profundis, server.origins),
    pensyve: relocate(pensyve, server.origins),
    options: { store, onEvent: (event: PentauthEvent) => void events.push(event) },
  }
}

/** What a person does with the page they are sent to: they allow the access, and their browser goes back. */
export async function comeBack(url: string | URL, allow = true): Promise<Response> {
  return fetch(await signInAt(fetch, url, { allow }))
}

/** A folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-sign-in-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A program of that name that writes down what it is started with, one argument a line, and then a line of its own. */
export interface RecordingProgram {
  readonly folder: string
  readonly program: string
  /** A `PATH` that leads to it first. */
  readonly path: string
  /** The arguments of each start. */
  readonly starts: () => readonly (readonly string[])[]
}

export function recordingProgram(
  name: string,
  { folder = temporaryFolder(), exit = 0 }: { readonly folder?: string; readonly exit?: number } = {},
): RecordingProgram {
  const record = join(folder, `${name}.txt`)
  const program = join(folder, name)
  writeFileSync(
    program,
    `#!/bin/sh\nfor one in "$@"; do printf '%s\\n' "$one"; done >>'${record}'\nprintf '%s\\n' '--' >>'${record}'\nexit ${exit}\n`,
  )
  chmodSync(program, 0o755)
  const starts = (): string[][] => {
    const text = existsSync(record) ? readFileSync(record, 'utf8') : ''
    return text
      .split('--\n')
      .slice(0, -1)
      .map((start) => start.split('\n').slice(0, -1))
  }
  return { folder, program, starts, path: `${folder}:/usr/bin:/bin` }
}

/** The environment of a desktop whose browser only writes down what it is asked to open. */
export interface Desktop extends RecordingProgram {
  readonly env: Readonly<Record<string, string>>
  /** The page that was opened as the `nth`, as soon as it is. */
  readonly opened: (nth?: number) => Promise<string>
}

export function desktop(): Desktop {
  const browser = recordingProgram('xdg-open')
  return {
    ...browser,
    env: { PATH: browser.path, DISPLAY: ':0' },
    opened: (nth = 1): Promise<string> =>
      vi.waitFor(
        () => {
          const [url] = browser.starts()[nth - 1] ?? []
          if (url === undefined) throw new TypeError('no page was opened')
          return url
        },
        { timeout: 30_000, interval: 20 },
      ),
  }
}

/** What is written to stderr meanwhile; it is not shown. */
export interface Heard {
  readonly text: () => string
  /** The first text like that, or its first group, as soon as it is there. */
  readonly like: (pattern: RegExp) => Promise<string>
}

export function heardOnStderr(): Heard {
  let text = ''
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  onTestFinished(() => spy.mockRestore())
  return {
    text: () => text,
    like: (pattern: RegExp) =>
      vi.waitFor(
        () => {
          const [found, part = found] = pattern.exec(text) ?? []
          if (found === undefined) throw new TypeError(`not said: ${pattern}`)
          return part as string
        },
        { timeout: 30_000, interval: 20 },
      ),
  }
}

/** Whether somebody listens there. */
export async function isOpen(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

/** A promise that the test settles. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
