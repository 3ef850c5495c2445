import { defineConfig } from 'tsup'

/** ES modules only, with the parts that are loaded later in chunks: bundlers of pages put them together again. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  dts: true,
  sourcemap: true,
  minify: true,
  clean: true,
  splitting: true,
  treeshake: true,
  target: 'es2023',
})
