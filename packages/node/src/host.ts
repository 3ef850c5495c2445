import { builtin } from './builtin.ts'
import { type Environment, variableIn } from './environment.ts'

/** The machine and session a process runs in, as far as it matters for opening a browser. */
export interface Host {
  readonly env: Environment
  readonly platform: string
  /** Linux under Windows, whose programs it can start. */
  readonly isWsl: boolean
  readonly isContainer: boolean
  hasFile(path: string): boolean
  /** Whether the `PATH` leads to a program of that name. */
  hasProgram(name: string): boolean
}

/** The host of this process. */
export function thisHost(env: Environment): Host {
  const { accessSync, constants, existsSync } = builtin('node:fs')
  const { delimiter, join } = builtin('node:path')
  const hasProgram = (name: string) =>
    (variableIn(env, 'PATH') ?? '').split(delimiter).some((folder) => {
      try {
        if (folder === '') return false
        accessSync(join(folder, name), constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  const { platform } = process
  const isLinux = platform === 'linux'
  const isWsl =
    isLinux && (variableIn(env, 'WSL_DISTRO_NAME') !== undefined || /microsoft/i.test(textOf('/proc/version')))
  const isContainer =
    isLinux &&
    (existsSync('/.dockerenv') ||
      existsSync('/run/.containerenv') ||
      ['container', 'KUBERNETES_SERVICE_HOST'].some((name) => variableIn(env, name) !== undefined) ||
      /docker|kubepods|containerd|lxc|libpod/.test(textOf('/proc/1/cgroup')))
  return { env, platform, isWsl, isContainer, hasFile: existsSync, hasProgram }
}

function textOf(path: string): string {
  try {
    return builtin('node:fs').readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
