// A page of the harness.

import { run } from './run.ts'
import { files } from './tests.ts'

await run(files, location.origin)
