// Node, Bun, Deno: a program, told by its argument where the harness is.
import process from 'node:process'
import { run } from './run.ts'
import { files } from './tests.ts'

await run(files, process.argv[2] ?? '')
process.exit(0)
