import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'core',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Fails a test when one of its credentials shows in an error or in anything that is printed.
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
