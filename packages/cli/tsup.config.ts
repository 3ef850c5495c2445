import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { main: 'src/main.ts' },
  format: ['esm'],
  sourcemap: true,
  clean: true,
  // A command loads what it does, and nothing of the others.
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
})
