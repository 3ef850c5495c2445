import { defineConfig } from 'tsup'

/**
 * The other entries, built after the main ones.
 *
 * They take the error class from the main entry, so that there is one; what else they share with it is functions, and a cache at most.
 */
export default defineConfig({
  entry: ['src/ky.ts', 'src/schema.ts', 'src/sdk.ts'],
  format: ['esm', 'cjs'],
  sourcemap: true,
  clean: false,
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  esbuildPlugins: [
    {
      name: 'one-error-class',
      setup: ({ onResolve }) => {
        onResolve({ filter: /\/errors\.ts$/ }, () => ({ path: '@pentauth/core', external: true }))
      },
    },
  ],
})
