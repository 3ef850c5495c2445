// What a bench found, for people and for programs.

/** @typedef {import('./paired-blocks.mjs').Row} Row */

/**
 * @typedef {object} Circumstances
 * @property {boolean} quick a few short turns: shows that it works, not how fast
 * @property {(subject: string) => boolean} wanted whether a subject takes part; baseline and control always do
 * @property {(name: string) => boolean} wantedCase whether a case takes part, where a bench can leave some out
 * @property {number | undefined} rounds how many, where a bench has rounds
 * @property {URL | undefined} peers the folder where the peers are installed, if any of them takes part
 * @property {(done: number, blocks: number) => void} onBlock
 */

/**
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} about
 * @property {string} unit
 * @property {string} baseline the subject whose ratio is 1
 * @property {'lower' | 'higher'} better
 * @property {number} goal the ratio that `pentauth` has to reach
 * @property {readonly string[]} peers the subjects that `pentauth` has to be ahead of
 * @property {(circumstances: Circumstances) => Promise<readonly Row[]>} measure
 */

/**
 * What the command runs: any bench, with the rows for programs and the table for people.
 * @typedef {object} Runnable
 * @property {string} name
 * @property {string} [unit]
 * @property {readonly string[]} peers
 * @property {(circumstances: Circumstances) => Promise<{ rows: readonly object[], table: string }>} run
 */

/**
 * @param {Bench} bench
 * @returns {Runnable}
 */
export function asRunnable(bench) {
  const { name, unit, peers, measure } = bench
  return {
    name,
    unit,
    peers,
    async run(circumstances) {
      const rows = await measure(circumstances)
      return { rows, table: asTable(bench, rows) }
    },
  }
}

/**
 * @param {Pick<Runnable, 'name' | 'unit'>} bench
 * @param {readonly object[]} rows
 * @returns {string} one line of JSON
 */
export function asJson({ name, unit }, rows) {
  return `${JSON.stringify({ name, unit, rows })}\n`
}

/**
 * @param {Bench} bench
 * @param {readonly Row[]} rows
 * @returns {string}
 */
export function asTable({ name, about, unit, baseline, better, goal, peers }, rows) {
  const cells = rows.map(({ subject, value, ratio }) => [subject, `${value} ${unit}`, ratio.toFixed(3)])
  const table = [['subject', 'median', 'ratio'], ...cells].map(
    ([subject = '', value = '', ratio = '']) =>
      `  ${subject.padEnd(width(cells, 0))}  ${value.padStart(width(cells, 1))}  ${ratio.padStart(9)}`,
  )
  const goals = goalsOf(rows, better, goal, peers).map(({ text, met }) => `  goal: ${text}: ${met ? 'met' : 'NOT MET'}`)
  return `${name}: ${about}; ratio to ${baseline}, ${better} is better\n\n${[...table, '', ...goals].join('\n')}\n\n`
}

/**
 * @param {readonly Row[]} rows
 * @param {Bench['better']} better
 * @param {number} goal
 * @param {readonly string[]} peers
 * @returns {readonly { text: string, met: boolean }[]} goals that these rows can tell about
 */
export function goalsOf(rows, better, goal, peers) {
  const ours = rows.find(({ subject }) => subject === 'pentauth')
  if (ours === undefined) return []
  const beats = (/** @type {number} */ other) => (better === 'lower' ? ours.ratio < other : ours.ratio > other)
  const measured = rows.filter(({ subject }) => peers.includes(subject))
  const behind = measured.filter(({ ratio }) => !beats(ratio)).map(({ subject }) => subject)
  return [
    { text: `ratio ${better === 'lower' ? '<=' : '>='} ${goal}`, met: beats(goal) || ours.ratio === goal },
    ...(measured.length === 0
      ? []
      : [{ text: `ahead of ${measured.map(({ subject }) => subject).join(', ')}`, met: behind.length === 0 }]),
  ]
}

/**
 * @param {readonly (readonly string[])[]} cells
 * @param {number} column
 */
function width(cells, column) {
  return Math.max(8, ...cells.map((row) => row[column]?.length ?? 0))
}
