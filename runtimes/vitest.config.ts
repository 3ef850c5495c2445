import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'runtimes',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // One test waits for a whole run of core's tests somewhere, after those before it.
    testTimeout: 8 * 60_000,
    // Says what ran where, and why something did not.
    reporters: ['verbose'],
  },
})
