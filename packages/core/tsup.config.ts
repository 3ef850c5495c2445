import { cp, rm } from 'node:fs/promises'
import { defineConfig } from 'tsup'

/** The pages that errors name travel with the package. */
async function copyErrorPages(): Promise<void> {
  await rm('docs', { recursive: true, force: true })
  await cp('../../docs/errors', 'docs/errors', { recursive: true })
}

/** The main entries, one file each: a program that starts with them loads two modules and no chunks. */
export default defineConfig({
  entry: ['src/index.ts', 'src/services.ts'],
  format: ['esm', 'cjs'],
  dts: { entry: ['src/index.ts', 'src/services.ts', 'src/ky.ts', 'src/schema.ts', 'src/sdk.ts'] },
  sourcemap: true,
  clean: true,
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
  onSuccess: copyErrorPages,
})
