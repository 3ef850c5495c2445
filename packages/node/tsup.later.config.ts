import { defineConfig } from 'tsup'

/** What is loaded when it is used for the first time, built after the entries; it holds nothing that there may be only one of. */
export default defineConfig({
  entry: [
    'connection-diagnosis',
    'connection-process',
    'encrypted-value',
    'keychain',
    'opened-file-store',
    'opened-page',
    'proxy-answer',
    'terminal-sign-in',
  ].map((name) => `src/${name}.ts`),
  format: ['esm'],
  sourcemap: true,
  minify: true,
  clean: false,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
  target: 'es2023',
})
