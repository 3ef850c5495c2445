import { defineConfig } from 'tsup'

/** Written for pages in a way of their own, in the same place. */
const forPages = /\/(service-check)\.ts$/

/**
 * The package as bundlers of pages take it: a file for each source, so that they keep what a page uses, in the chunks in which it uses
 * it. Node takes the main entry, in one file.
 */
export default defineConfig({
  entry: ['src/**/*.ts'],
  outDir: 'dist/browser',
  format: ['esm'],
  sourcemap: true,
  minify: true,
  clean: true,
  splitting: false,
  target: 'es2023',
  esbuildPlugins: [
    {
      name: 'file-by-file',
      setup: ({ onResolve }) => {
        onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind }) =>
          kind === 'entry-point'
            ? undefined
            : { path: path.replace(forPages, '/$1-in-pages.ts').replace(/\.ts$/, '.js'), external: true },
        )
      },
    },
  ],
})
