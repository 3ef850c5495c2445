// The system's browser, where there is one.
import { spawn } from 'node:child_process'
import process from 'node:process'

/** Whether a browser could show anything: without a display, Linux would open one inside the terminal or none at all. */
export function hasBrowser() {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  return process.platform === 'darwin' || process.platform === 'win32' || Boolean(DISPLAY || WAYLAND_DISPLAY)
}

/**
 * Opens the URL, without a shell that could read its characters as anything else.
 * @param {URL} url
 */
export function openBrowser(url) {
  /** @type {Partial<Record<NodeJS.Platform, [string, ...string[]]>>} */
  const openers = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }
  const [command, ...args] = openers[process.platform] ?? ['xdg-open']
  const opener = spawn(command, [...args, url.href], { detached: true, stdio: 'ignore' })
  // The URL is on the screen, so whoever has no opener can go on.
  opener.on('error', () => {})
  opener.unref()
}
