import { defineConfig, type Options } from 'tsup'

const shared: Options = {
  dts: true,
  sourcemap: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
}

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    entry: ['src/index.ts', 'src/msw.ts', 'src/server.ts', 'src/vitest.ts'],
    clean: true,
  },
  // Vitest itself cannot be required, so ./vitest has no CommonJS form.
  { ...shared, format: 'cjs', entry: ['src/index.ts', 'src/msw.ts', 'src/server.ts'], clean: false },
])
