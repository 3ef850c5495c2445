import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'node-agent',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
