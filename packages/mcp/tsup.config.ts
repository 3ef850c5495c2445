import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  // What writes the configuration of clients, and its parsers, are loaded when somebody asks for them.
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
})
