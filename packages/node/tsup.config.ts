import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', redis: 'src/redis-store.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  minify: true,
  clean: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
})
