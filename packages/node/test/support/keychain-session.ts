import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// A session bus of our own with a real gnome-keyring on it, whose keychain is in a folder of its own: nobody's keychain is touched.

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const missing = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon'].filter((program) => !isOnPath(program))
/** For the names of tests that are skipped. */
export const whyNot: string =
  process.platform !== 'linux'
    ? ' (skipped: for Linux)'
    : missing.length > 0
      ? ` (skipped: no ${missing.join(' and no ')} here; apt-get install gnome-keyring dbus brings both)`
      : ''

// Without the folders where services wait to be started: only what a test starts is there.
const busConfig = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`

export interface KeychainSession {
  /** What a process needs to find the bus. */
  readonly env: Readonly<Record<string, string>>
  /** Starts the keychain's daemon in place of one that runs; without a password the keychain that is there stays locked. */
  start(password?: string): Promise<void>
  /** Ends the daemon: the bus has no keychain then. */
  stop(): Promise<void>
  close(): Promise<void>
}

export async function startKeychainSession(): Promise<KeychainSession> {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-keychain-'))
  const socket = join(folder, 'bus')
  const config = join(folder, 'bus.conf')
  writeFileSync(config, busConfig(socket))
  for (const name of ['run', 'data']) mkdirSync(join(folder, name), { mode: 0o700 })
  const env = {
    PATH: process.env.PATH ?? '',
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_DATA_HOME: join(folder, 'data'),
  }
  const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(bus.stdout, 'data')
  let daemon: ChildProcess | undefined
  const stop = async () => {
    if (daemon) await ended(daemon)
    daemon = undefined
  }
  return {
    env,
    stop,
    async start(password) {
      await stop()
      const way = password === undefined ? ['--start'] : ['--unlock']
      daemon = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...way], {
        env,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      daemon.stdin?.end(password ?? '')
      await owned(env)
    },
    async close() {
      await stop()
      await ended(bus)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Until somebody answers as the Secret Service. */
async function owned(env: Readonly<Record<string, string>>): Promise<void> {
  const ask = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.GetNameOwner']
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const child = spawn('dbus-send', [...ask, 'string:org.freedesktop.secrets'], { env, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    if (code === 0) return
    await sleep(100)
  }
  throw new Error('gnome-keyring does not come up')
}
