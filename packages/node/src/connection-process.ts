import type { Environment } from './environment.ts'

/** What a hint depends on, besides the error: how this process was started and what its Node can do. */
export interface NodeProcess {
  readonly env: Environment
  /** Whether this Node has the option, which `NODE_OPTIONS` may hold. */
  supports(option: string): boolean
  /** Whether the process was started with the option. */
  startedWith(option: string): boolean
  /** Whether this Node reads `NODE_USE_ENV_PROXY`. */
  readonly readsProxyVariables: boolean
  /** Names of the dispatchers that `fetch` was given, by Node itself or with undici's `setGlobalDispatcher`. */
  readonly dispatchers: readonly string[]
  /** What is at that path: PEM certificates, something else, or nothing that can be read. */
  certificatesAt(path: string): 'some' | 'none' | 'unreadable'
}

/** The process this code runs in; each fact is looked up when it is asked for. */
export function thisProcess(env: Environment = process.env): NodeProcess {
  const supports = (option: string) => process.allowedNodeEnvironmentFlags.has(option)
  return {
    env,
    supports,
    startedWith: (option) =>
      process.execArgv.includes(option) || (env.NODE_OPTIONS ?? '').split(/\s+/).includes(option),
    get readsProxyVariables() {
      // The variable came with 24.0, the option with 24.5; 22.21 got both at once.
      return supports('--use-env-proxy') || Number.parseInt(process.versions.node, 10) >= 24
    },
    get dispatchers() {
      // undici 8 has a key of its own, and puts a wrapper of what is there under the old one.
      const names = [dispatcherName('undici.globalDispatcher.2'), dispatcherName('undici.globalDispatcher.1')]
      return names.filter((name) => name !== undefined).filter((name) => !name.endsWith('Wrapper'))
    },
    certificatesAt(path) {
      try {
        return /-----BEGIN (?:\w+ )?CERTIFICATE-----/.test(
          process.getBuiltinModule('node:fs').readFileSync(path, 'latin1'),
        )
          ? 'some'
          : 'none'
      } catch {
        return 'unreadable'
      }
    },
  }
}

function dispatcherName(key: string): string | undefined {
  const dispatcher: unknown = Reflect.get(globalThis, Symbol.for(key))
  return typeof dispatcher === 'object' && dispatcher !== null ? dispatcher.constructor?.name : undefined
}
