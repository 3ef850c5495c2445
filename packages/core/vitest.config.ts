import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'core',
    environment: 'node',
    // A busy machine is slow; what hangs is found all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
    // Fails a test when one of its credentials shows in an error or in anything that is printed.
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
