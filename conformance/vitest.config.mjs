import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'conformance',
    environment: 'node',
    include: ['test/**/*.test.mjs'],
    setupFiles: ['@pentauth/tooling/canary'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
