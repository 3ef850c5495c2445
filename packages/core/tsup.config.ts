import { cp, rm } from 'node:fs/promises'
import { defineConfig } from 'tsup'

/** The pages that errors name travel with the package. */
async function copyErrorPages(): Promise<void> {
  await rm('docs', { recursive: true, force: true })
  await cp('../../docs/errors', 'docs/errors', { recursive: true })
}

export default defineConfig({
  entry: ['src/index.ts', 'src/services.ts', 'src/ky.ts', 'src/schema.ts', 'src/sdk.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  onSuccess: copyErrorPages,
})
