// How long a process takes that imports the package, gets a key's headers and ends: what a script or a CLI pays each time.
//
// Every start is one of the small programs in starts/ (ours) and peers/starts/; the baseline is an empty one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { testKey } from '../tooling/canary/test-key.mjs'
import { pairedBlocks } from './paired-blocks.mjs'

/** With these, eight subjects take some 40 s. */
const FULL = { blocks: 41, warmUps: 2 }
const QUICK = { blocks: 3, warmUps: 1 }
const BUDGET_MS = 45_000

/** The programs of the peers. @type {Readonly<Record<string, string>>} */
const PROGRAMS = {
  ky: 'starts/ky.mjs',
  'google-auth-library': 'starts/google.mjs',
  '@azure/msal-node': 'starts/msal.mjs',
  openai: 'starts/openai.mjs',
  '@anthropic-ai/sdk': 'starts/anthropic.mjs',
}

/** @type {import('./report.mjs').Bench} */
export const importBench = {
  name: 'import',
  about: "start of a process that imports the package and gets a key's headers",
  unit: 'ms',
  baseline: 'bare node',
  better: 'lower',
  goal: 1.4,
  peers: Object.keys(PROGRAMS),
  async measure({ quick, wanted, peers, onBlock }) {
    const { blocks, warmUps } = quick ? QUICK : FULL
    const empty = new URL('starts/empty.mjs', import.meta.url)
    const contenders = [
      { name: 'pentauth', file: new URL('starts/pentauth.mjs', import.meta.url) },
      ...(peers ? Object.entries(PROGRAMS).map(([name, file]) => ({ name, file: new URL(file, peers) })) : []),
    ].filter(({ name }) => wanted(name))
    const subjects = [
      { name: importBench.baseline, file: empty },
      { name: `control: ${importBench.baseline} again`, file: empty },
      ...contenders,
    ].map(({ name, file }) => ({ name, turn: () => start(name, fileURLToPath(file)) }))
    // The first starts read the files from the disk.
    for (let round = 0; round < warmUps; round += 1) for (const { turn } of subjects) await turn()
    return pairedBlocks(subjects, { blocks, budget: BUDGET_MS, onBlock })
  },
}

/**
 * @param {string} name
 * @param {string} file
 * @returns {Promise<number>} milliseconds from the start to the end of the process
 */
async function start(name, file) {
  const key = testKey.pendra('bench')
  // Nothing of the caller's environment: NODE_OPTIONS or a compile cache would be measured, too.
  const env = { PENDRA_API_KEY: key, OPENAI_API_KEY: key, ANTHROPIC_API_KEY: key, BENCH_TOKEN: key }
  const before = performance.now()
  const child = spawn(process.execPath, [file], { env, stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  const took = performance.now() - before
  // Each program ends with 0 only if it got its headers.
  if (code !== 0) throw new Error(`The program of ${name} failed (exit code ${code}): node ${file}`)
  return took
}
