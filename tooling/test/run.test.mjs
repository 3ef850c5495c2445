import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url))

it.each([[[]], [['nonsense']], [['toString']]])('a call with %j is answered with the commands there are', (args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8', timeout: 50_000 })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  for (const command of [
    'npm run demo',
    'npm test',
    'npm run bench',
    'npm run size',
    'npm run conformance',
    'npm run lab',
  ])
    expect(stderr).toContain(command)
})
