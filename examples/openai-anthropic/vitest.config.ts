import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'openai-anthropic',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    setupFiles: ['@pentauth/tooling/canary'],
  },
})
