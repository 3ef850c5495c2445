import { defineConfig } from 'tsup'

/** The entries, each in one file: a program that starts with one loads no chunks, which cost more than all of their code. */
export default defineConfig({
  entry: { index: 'src/index.ts', redis: 'src/redis-store.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  minify: true,
  clean: true,
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  esbuildPlugins: [
    {
      name: 'loaded-later',
      setup: ({ onResolve }) => {
        // Relative to the output, and an ES module also for CommonJS, so that there is one of it.
        onResolve({ filter: /^\.\// }, ({ kind, path }) =>
          kind === 'dynamic-import' ? { path: path.replace(/\.ts$/, '.js'), external: true } : undefined,
        )
      },
    },
  ],
})
