// Step lines on stderr: live with a clock on a terminal, one line per event everywhere else.

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const live = process.stderr.isTTY === true && process.env.TERM !== 'dumb'

/**
 * @param {number} milliseconds
 * @returns {string}
 */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/**
 * @typedef {object} Step
 * @property {(note: string) => void} note what the step is at now; shown on a terminal only
 * @property {(result?: string) => number} done milliseconds taken
 * @property {(result?: string) => number} fail milliseconds taken
 */

/**
 * @param {string} title
 * @returns {Step}
 */
export function startStep(title) {
  const start = Date.now()
  let frame = 0
  let detail = ''
  const draw = () => {
    const width = (process.stderr.columns || 80) - 1
    frame = (frame + 1) % FRAMES.length
    const line = `${FRAMES[frame]} ${title} ${seconds(Date.now() - start)}${detail === '' ? '' : `  ${detail}`}`
    process.stderr.write(`\r\u001b[2K${line.slice(0, width)}`)
  }
  // A line every half minute where nothing can be redrawn, so that a log never looks stuck.
  const timer = live
    ? setInterval(draw, 100)
    : setInterval(() => process.stderr.write(`  … ${title} ${seconds(Date.now() - start)}\n`), 30_000)
  timer.unref()
  if (live) draw()
  else process.stderr.write(`· ${title}\n`)

  /**
   * @param {string} sign
   * @param {string} result
   */
  const end = (sign, result) => {
    clearInterval(timer)
    const took = Date.now() - start
    process.stderr.write(`${live ? '\r\u001b[2K' : ''}${sign} ${result} ${seconds(took)}\n`)
    return took
  }
  return {
    note(text) {
      detail = text
    },
    done: (result = title) => end('✓', result),
    fail: (result = title) => end('✗', result),
  }
}

/**
 * Runs one step of the preparation under a progress line.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inStep(title, work) {
  const step = startStep(title)
  try {
    const result = await work()
    step.done()
    return result
  } catch (error) {
    step.fail()
    throw error
  }
}
