// What a worker of vitest has set up before it loads a test file: vitest's modules look for it.

/** Calls to vitest's main process: there is none, and nothing of what it is told is wanted. */
const nobody = new Proxy({}, { get: () => async () => undefined })

/** No test here has a snapshot. */
const snapshotOptions = {
  updateSnapshot: 'none',
  snapshotFormat: {},
  snapshotEnvironment: {
    getVersion: () => '1',
    getHeader: () => '',
    resolvePath: async (file: string) => `${file}.snap`,
    readSnapshotFile: async () => null,
  },
}

export const config = {
  name: 'core',
  root: '/',
  setupFiles: [],
  sequence: { shuffle: false, concurrent: false, seed: 1, hooks: 'stack', setupFiles: 'list' },
  maxConcurrency: 5,
  testTimeout: 30_000,
  hookTimeout: 30_000,
  allowOnly: false,
  retry: 0,
  chaiConfig: { truncateThreshold: 400 },
  expect: {},
  experimental: { importDurations: { limit: 0 } },
  fakeTimers: { loopLimit: 10_000 },
  benchmark: {},
  tags: [],
  snapshotOptions,
}

Object.defineProperty(globalThis, '__vitest_worker__', {
  configurable: true,
  writable: true,
  value: {
    config,
    ctx: { pool: 'forks' },
    environment: { name: 'node' },
    rpc: nobody,
    durations: {},
    resolvingModules: new Set(),
    evaluatedModules: { idToModuleMap: new Map() },
    onCleanup: () => undefined,
  },
})
