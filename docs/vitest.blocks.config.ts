import { defineConfig } from 'vitest/config'

// For the READMEs' own test files, which readme.test.ts writes and runs.
export default defineConfig({
  test: { name: 'blocks', environment: 'node', include: ['.blocks/readme/**/*.test.ts'] },
})
