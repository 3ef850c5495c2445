// What the suites found, for people and for programs.

/**
 * @typedef {object} Row
 * @property {import('./plan.mjs').Suite} suite
 * @property {import('./plan.mjs').Sdk} sdk
 * @property {string} scenario
 * @property {boolean} required
 * @property {boolean} pass
 */

/** @typedef {Row & { readonly reasons: readonly string[] }} Found */

/** @typedef {{ readonly suite: string, readonly scenario: string }} ExpectedFailure */

/**
 * @param {readonly Found[]} found
 * @returns {string} one line of JSON
 */
export function asJson(found) {
  const rows = found.map(({ reasons, ...row }) => row)
  return `${JSON.stringify({ name: 'conformance', rows })}\n`
}

/**
 * @param {readonly Found[]} found
 * @param {readonly ExpectedFailure[]} expected
 * @returns {string} a table for each suite
 */
export function asTables(found, expected) {
  const suites = [...new Set(found.map(({ suite }) => suite))]
  return suites.map((suite) => table(suite, found, expected)).join('\n')
}

/**
 * @param {readonly Found[]} found
 * @param {readonly ExpectedFailure[]} expected
 * @returns {readonly string[]} what makes the command fail, in words
 */
export function complaintsOf(found, expected) {
  const failed = found.filter((row) => row.required && !row.pass && !isExpected(row, expected))
  // A list that is longer than it has to be hides the next failure.
  const stale = found.filter((row) => row.pass && isExpected(row, expected))
  return [
    ...failed.map((row) => `${nameOf(row)} is required and failed`),
    ...stale.map((row) => `${nameOf(row)} passes, and the list of expected failures still has it`),
  ]
}

/** @param {Row} row */
function nameOf({ suite, sdk, scenario }) {
  return `${scenario} (${suite}, ${sdk})`
}

/**
 * @param {Row} row
 * @param {readonly ExpectedFailure[]} expected
 */
function isExpected({ suite, scenario }, expected) {
  return expected.some((one) => one.suite === suite && one.scenario === scenario)
}

/**
 * @param {string} suite
 * @param {readonly Found[]} found
 * @param {readonly ExpectedFailure[]} expected
 */
function table(suite, found, expected) {
  const rows = found.filter((row) => row.suite === suite)
  const sdks = [...new Set(rows.map(({ sdk }) => sdk))].sort()
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))]
  const width = Math.max('required'.length, ...scenarios.map((scenario) => scenario.length))
  const cellOf = (/** @type {string} */ sdk, /** @type {string} */ scenario) => {
    const row = rows.find((one) => one.sdk === sdk && one.scenario === scenario)
    return row === undefined ? '' : verdict(row, isExpected(row, expected))
  }
  const lines = scenarios.map((scenario) => {
    const cells = sdks.map((sdk) => cellOf(sdk, scenario).padEnd(18))
    return `  ${scenario.padEnd(width)}  ${cells.join('  ')}`.trimEnd()
  })
  const sums = sdks.map((sdk) => sum(rows.filter((row) => row.sdk === sdk)).padEnd(18))
  const head = `  ${''.padEnd(width)}  ${sdks.map((sdk) => sdk.padEnd(18)).join('  ')}`.trimEnd()
  const foot = `  ${'required'.padEnd(width)}  ${sums.join('  ')}`.trimEnd()
  return `@modelcontextprotocol/conformance ${suite}\n\n${[head, ...lines, '', foot].join('\n')}\n`
}

/**
 * @param {Row} row
 * @param {boolean} isKnown
 */
function verdict({ pass, required }, isKnown) {
  const text = pass ? 'pass' : isKnown ? 'fails as expected' : 'FAILS'
  return required ? text : `${text} (optional)`
}

/** @param {readonly Row[]} rows */
function sum(rows) {
  const required = rows.filter((row) => row.required)
  return `${required.filter(({ pass }) => pass).length}/${required.length}`
}
