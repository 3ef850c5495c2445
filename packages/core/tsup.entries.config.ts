import { defineConfig } from 'tsup'
import { atOnce } from './tsup.parts.ts'

/**
 * The other entries and the part that is loaded when a flow begins, built after the main entry.
 *
 * They take the error class and the services from the main entry, so that there is one of each; what else they share with it is
 * functions, and a cache at most.
 */
export default defineConfig({
  entry: [
    'src/services.ts',
    'src/ky.ts',
    'src/schema.ts',
    'src/sdk.ts',
    'src/jwt.ts',
    'src/oauth.ts',
    'src/store-contract.ts',
  ],
  format: ['esm', 'cjs'],
  sourcemap: true,
  minify: true,
  clean: false,
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  esbuildPlugins: [
    atOnce,
    {
      name: 'one-of-each',
      setup: ({ onResolve }) => {
        onResolve({ filter: /\/(?:errors|services\/\w+)\.ts$/ }, () => ({ path: '@pentauth/core', external: true }))
      },
    },
  ],
})
