import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/services.ts', 'src/ky.ts', 'src/schema.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
})
