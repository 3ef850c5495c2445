import { readFile } from 'node:fs/promises'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** The parts that one file holds in Node, loaded when a flow begins: `oauth.ts` names everything that they export. */
const flows = /\/(?:oauth|sign-in-failure|[\w-]+-steps)\.ts$/

/** A source in which what is behind `import()` is imported with the file itself; the steps of the flows stay behind it. */
export function withPartsAtOnce(source: string): string {
  const parts: string[] = []
  const text = source.replace(/(?<!typeof )import\('(\.\/[\w-]+\.ts)'\)/g, (whole, part: string) => {
    if (flows.test(part)) return whole
    if (!parts.includes(part)) parts.push(part)
    return `Promise.resolve(part${parts.indexOf(part)})`
  })
  // On the first line, so that the others keep their numbers.
  return parts.map((part, index) => `import * as part${index} from '${part}'; `).join('') + text
}

/**
 * What a page loads later, Node has at once: a program that starts loads one module and no chunks, and what it needs when something
 * fails is not looked for then. Only the steps of the flows are a file of their own there, too.
 */
export const atOnce: Plugin = {
  name: 'at-once',
  setup: ({ onLoad, onResolve }) => {
    onLoad({ filter: /\/src\/[\w-]+\.ts$/ }, async ({ path }) => ({
      contents: withPartsAtOnce(await readFile(path, 'utf8')),
      loader: 'ts',
    }))
    onResolve({ filter: flows }, ({ kind }) =>
      // Relative to the output, and an ES module also for CommonJS, so that there is one of it.
      kind === 'dynamic-import' ? { path: './oauth.js', external: true } : undefined,
    )
  },
}
