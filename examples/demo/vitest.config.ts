import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { name: 'demo', environment: 'node', include: ['test/**/*.test.ts'], setupFiles: ['@pentauth/tooling/canary'] },
})
