import { chosenOpeners, openersOf } from './browser.ts'
import { variableIn } from './environment.ts'
import type { Host } from './host.ts'

/** What those who sign in have to know of where they are. */
export interface Surroundings {
  /** Why no browser opens here, in words; absent where one can. */
  readonly why?: string
  readonly isCi: boolean
  readonly isSsh: boolean
}

const ciVariables = 'GITHUB_ACTIONS GITLAB_CI BUILDKITE CIRCLECI TF_BUILD JENKINS_URL TEAMCITY_VERSION'.split(' ')

/** Whether a browser can be opened here, and if not, why. */
export function surroundingsOf(host: Host): Surroundings {
  const { env, platform } = host
  const set = (...names: string[]) => names.find((name) => variableIn(env, name)?.trim())
  const ci = set(...(isFalse(variableIn(env, 'CI')) ? [] : ['CI']), ...ciVariables)
  const ssh = set('SSH_CONNECTION', 'SSH_TTY', 'SSH_CLIENT')
  const facts = { isCi: ci !== undefined, isSsh: ssh !== undefined }
  if (ci !== undefined) return { ...facts, why: `this is CI (${ci} is set)` }
  const isOwnSystem = platform === 'win32' || platform === 'darwin'
  // From containers and over SSH, too.
  if (!isOwnSystem && chosenOpeners(env).length > 0) return facts
  const hasDisplay = set('DISPLAY', 'WAYLAND_DISPLAY') !== undefined
  if (ssh !== undefined && !hasDisplay) return { ...facts, why: `this is an SSH session (${ssh} is set)` }
  if (isOwnSystem) return facts
  if (host.isWsl) {
    if (openersOf(host).length > 0) return facts
    return { ...facts, why: 'this is WSL without the programs of Windows' }
  }
  if (hasDisplay && host.hasProgram('xdg-open')) return facts
  if (hasDisplay) return { ...facts, why: 'no program here opens a browser (xdg-open is missing)' }
  if (host.isContainer) return { ...facts, why: 'this is a container without a display' }
  return { ...facts, why: 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' }
}

const isFalse = (value: string | undefined): boolean => /^(?:|0|false|no)$/i.test(value?.trim() ?? '')
