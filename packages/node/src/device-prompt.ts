import type { DevicePrompt, Service } from '@pentauth/core'
import { plain, type Terminal } from './terminal.ts'

/** Tells a person at a terminal where to allow a device, and which code it shows. */
export function showDevicePrompt(terminal: Terminal, service: Service, prompt: DevicePrompt): void {
  const { verificationUri, verificationUriComplete, userCode } = prompt
  const lines = [
    `To sign in to ${plain(service.name)}, open this page on any device:`,
    '',
    `  ${terminal.strong(plain(verificationUri.href, 2_000))}`,
    '',
    `and enter the code  ${terminal.strong(plain(userCode))}`,
  ]
  const direct = verificationUriComplete && [`or compare it at  ${plain(verificationUriComplete.href, 2_000)}`]
  terminal.say([...lines, ...(direct ?? []), ''].join('\n'))
}
