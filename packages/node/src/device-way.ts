import { deviceSignIn, PentauthError } from '@pentauth/core'
import { showDevicePrompt } from './device-prompt.ts'
import type { Interaction } from './sign-in-interaction.ts'

/**
 * Signs in by a code that a person allows on any device.
 *
 * @returns why the authorization server does not do that, where it does not: nobody was asked anything then
 */
export async function byDevice(interaction: Interaction): Promise<PentauthError | undefined> {
  const { service, wishes, present, terminal, why, signal } = interaction
  let isShown = false
  let end: () => void = () => undefined
  try {
    await deviceSignIn(service, {
      ...wishes,
      signal,
      present: (prompt) => {
        isShown = true
        if (present) return present({ way: 'device', ...prompt })
        if (why !== undefined) terminal.say(`No browser opens here: ${why}.`)
        showDevicePrompt(terminal, service, prompt)
        end = terminal.during('Waiting until it is allowed… (Ctrl-C to stop)')
      },
    })
    return undefined
  } catch (error) {
    if (!isShown && !signal.aborted && isUnknownWay(error)) return error
    throw error
  } finally {
    end()
  }
}

/** Whether an error says that the server, or the client there, signs in no devices; it may well do by a browser. */
function isUnknownWay(error: unknown): error is PentauthError {
  return (
    PentauthError.isInstance(error) &&
    !error.retryable &&
    /^(?:discovery_failed|registration_failed|client_refused|sign_in_failed)$/.test(error.code)
  )
}
