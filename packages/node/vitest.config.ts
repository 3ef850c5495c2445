import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'node',
    environment: 'node',
    // A busy machine is slow; what hangs is found all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
    // They wait for other programs most of the time.
    maxWorkers: 3,
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
