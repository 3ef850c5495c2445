import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { withPartsAtOnce } from './tsup.parts.ts'

const source = fileURLToPath(new URL('src/', import.meta.url))
/** With PENTAUTH_PAGES=1 the tests meet what pages get, which loads its parts when they are needed; else what Node gets. */
const asInPages = process.env.PENTAUTH_PAGES === '1'

/** Files of which each loads core anew: they replace a part of it, or MSW is the documented services, which core remembers. */
const alone = [
  'test/pages/**/*.test.ts',
  'test/service-pages/**/*.test.ts',
  'test/{discovery-documented,rotation,workload-identity}.test.ts',
]

const shared = {
  environment: 'node' as const,
  // A busy machine is slow; what hangs is found all the same.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Fails a test when one of its credentials shows in an error or in anything that is printed.
  setupFiles: ['@pentauth/tooling/canary'],
}

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
    projects: [
      // Half of the work would be to load core for each file.
      {
        extends: true,
        test: { ...shared, name: 'core', isolate: false, include: ['test/**/*.test.ts'], exclude: alone },
      },
      { extends: true, test: { ...shared, name: 'core, each file alone', include: alone } },
    ],
  },
})
