// Child processes: their output collected or passed through, and none of them left behind.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { BootstrapError, hintFor, lastLines } from './hints.mjs'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** Those of them that lead a process group. @type {WeakSet<import('node:child_process').ChildProcess>} */
const groups = new WeakSet()
const OWN_GROUP = process.platform !== 'win32'

/** @type {(() => void)[]} */
const cleanups = []

/**
 * Registers work for the moment a signal ends us, such as deleting a half-made folder.
 * @param {() => void} cleanup
 */
export function onInterrupt(cleanup) {
  cleanups.push(cleanup)
}

/** @type {NodeJS.Signals | undefined} */
let interruption

/** @returns {number | undefined} the exit code that says which signal ended us */
export function interrupted() {
  return interruption === undefined ? undefined : 128 + constants.signals[interruption]
}

/** Ctrl-C and `kill` reach the children too; a second Ctrl-C does not ask again. */
export function passSignalsOn() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      const again = interruption !== undefined
      interruption = signal
      for (const child of running) send(child, again ? 'SIGKILL' : signal)
      if (running.size === 0 || again) leave()
      // A child that ignores the signal must not keep the terminal.
      else setTimeout(leave, 5000).unref()
    })
  }
}

function leave() {
  for (const child of running) send(child, 'SIGKILL')
  for (const cleanup of cleanups) cleanup()
  process.exit(interrupted() ?? 1)
}

/**
 * To the child and all it has started where the child leads a group of its own: npm does not pass on every signal.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function send(child, signal) {
  try {
    if (groups.has(child) && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has just ended.
  }
}

/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeout] milliseconds
 * @property {(text: string) => void} [onOutput] called with pieces of stdout and stderr
 */

/**
 * Runs a command with no stdin, so that nothing can ask a question, and collects what it says.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} code 127 when the command cannot be started
 */
export function capture(file, args, options = {}) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(file, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: OWN_GROUP,
    })
    running.add(child)
    if (OWN_GROUP) groups.add(child)
    const timer = options.timeout === undefined ? undefined : setTimeout(() => send(child, 'SIGKILL'), options.timeout)
    for (const stream of [child.stdout, child.stderr]) {
      // One decoder per stream: a character may be cut in two between chunks.
      const decoder = new StringDecoder('utf8')
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        const text = decoder.write(chunk)
        output += text
        options.onOutput?.(text)
      })
    }
    const end = (/** @type {number} */ code) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ code, output })
    }
    child.on('error', (error) => {
      output += error.message
      end(127)
    })
    child.on('close', (code, signal) => end(exitCode(code, signal)))
  })
}

/**
 * Like `capture`, but a failure is an error that shows the end of the output and, where known, the way out.
 * @param {string} purpose
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<string>}
 */
export async function must(purpose, file, args, options) {
  const { code, output } = await capture(file, args, options)
  if (code !== 0) {
    throw new BootstrapError(`${purpose} failed (exit code ${code}).`, {
      output: lastLines(output),
      hint: hintFor(output),
    })
  }
  return output
}

/**
 * Hands the terminal to a command: its stdin, stdout and stderr are ours.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<number>} exit code
 */
export function handOver(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { cwd: options.cwd, env: options.env ?? process.env, stdio: 'inherit' })
    running.add(child)
    child.on('error', (error) => reject(new BootstrapError(`${file} cannot be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve(exitCode(code, signal))
    })
  })
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {number}
 */
function exitCode(code, signal) {
  return code ?? (signal === null ? 1 : 128 + constants.signals[signal])
}
