import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'mcp',
    environment: 'node',
    // A busy machine is slow; what hangs is found all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
    // To load it all for each file would be a quarter of the work.
    isolate: false,
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
