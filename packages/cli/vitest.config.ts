import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'cli',
    environment: 'node',
    // A busy machine is slow; what hangs is found all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/built.ts'],
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
