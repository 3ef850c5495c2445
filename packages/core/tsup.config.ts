import { cp, rm } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { atOnce } from './tsup.parts.ts'

/** The pages that errors name travel with the package. */
async function copyErrorPages(): Promise<void> {
  await rm('docs', { recursive: true, force: true })
  await cp('../../docs/errors', 'docs/errors', { recursive: true })
}

/** The main entry, in one file with the five services: a program that starts with it loads one module and no chunks. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: {
    entry: [
      'src/index.ts',
      'src/services.ts',
      'src/ky.ts',
      'src/schema.ts',
      'src/sdk.ts',
      'src/jwt.ts',
      'src/store-contract.ts',
    ],
  },
  sourcemap: true,
  minify: true,
  clean: true,
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  esbuildPlugins: [atOnce],
  onSuccess: copyErrorPages,
})
