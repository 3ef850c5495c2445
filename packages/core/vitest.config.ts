import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { withPartsAtOnce } from './tsup.parts.ts'

const source = fileURLToPath(new URL('src/', import.meta.url))
/** With PENTAUTH_PAGES=1 the tests meet what pages get, which loads its parts when they are needed; else what Node gets. */
const asInPages = process.env.PENTAUTH_PAGES === '1'

export default defineConfig({
  plugins: [
    {
      name: 'parts',
      enforce: 'pre',
      resolveId: (path) => (asInPages && path.endsWith('/src/index.ts') ? `${source}index-in-pages.ts` : undefined),
      transform: (code, id) =>
        !asInPages && id.startsWith(source) && !id.includes('/services/') ? withPartsAtOnce(code) : undefined,
    },
  ],
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
