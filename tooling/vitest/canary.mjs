// A vitest setup file: a test fails when a credential shows in an error it looks at or in anything it prints.
//
// Tests only handle credentials that carry the marker (see testKey). Every error that passes through `expect` - as the
// value, inside it, thrown by a function under toThrow, or rejected - is rendered in all the ways a log would render it.
// What becomes part of a snapshot is looked at too, and there every text.
import { format, inspect } from 'node:util'
import { afterAll, afterEach, chai, expect } from 'vitest'
import { hasMarker, masked } from '../canary/marker.mjs'
import { findMarker } from './renderings.mjs'

export { hasMarker } from '../canary/marker.mjs'
export { testKey } from '../canary/test-key.mjs'
export { renderings } from './renderings.mjs'

/** Leaks of the running test; they are kept until its end, so that no try/catch in between hides them. @type {string[]} */
const leaks = []
const installed = Symbol.for('pentauth.canary')
/** Vitest tells inline snapshots apart by the line that calls them, which would be a line of ours. */
const SNAPSHOT = /Snapshot$/
/** The one that takes a text as it is, past every serializer; it is told apart by its file. */
const RAW_SNAPSHOT = 'toMatchFileSnapshot'
const THROWING = new Set(['throw', 'throws', 'Throw', 'toThrow', 'toThrowError'])

/**
 * Fails at once if the value shows the marker in any rendering.
 * @param {unknown} value
 */
export function expectNoMarker(value) {
  const found = findMarker(value)
  expect(found, 'a credential shows').toBeUndefined()
}

/**
 * The error a call fails with, looked at by the canary: for tests that then read single fields of it.
 * @param {Promise<unknown> | (() => unknown)} work
 * @returns {Promise<any>}
 */
export async function caught(work) {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    look('a caught error', error)
    return error
  }
  return expect.fail('expected a failure, but there was none')
}

/**
 * @param {string} where
 * @param {unknown} value
 * @param {number} [depth] how far to look for errors inside plain data
 */
function look(where, value, depth = 3) {
  if (value === null || typeof value !== 'object') return
  if (value instanceof Error) {
    const found = findMarker(value)
    if (found !== undefined) leaks.push(`${where}, ${found}`)
  } else if (depth > 0 && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      // A getter may have effects; only data is looked at.
      if ('value' in descriptor) look(`${where}.${name}`, descriptor.value, depth - 1)
    }
  }
}

/**
 * @param {string} where
 * @param {string} text
 */
function lookAtText(where, text) {
  if (hasMarker(text)) leaks.push(`${where}: ${masked(text).slice(0, 400)}`)
}

function watchExpect() {
  const { Assertion, util } = chai
  for (const name of Object.getOwnPropertyNames(Assertion.prototype)) {
    const { value } = Object.getOwnPropertyDescriptor(Assertion.prototype, name) ?? {}
    if (typeof value !== 'function' || name === 'constructor' || name === 'withTest') continue
    if (SNAPSHOT.test(name) && name !== RAW_SNAPSHOT) continue
    util.overwriteMethod(Assertion.prototype, name, (/** @type {Function} */ original) => {
      /** @this {object} @param {unknown[]} args */
      return function watched(...args) {
        const subject = util.flag(this, 'object')
        look('the value given to expect', subject)
        if (name === RAW_SNAPSHOT && typeof subject === 'string') lookAtText('a file snapshot', subject)
        if (THROWING.has(name) && typeof subject === 'function') util.flag(this, 'object', observed(subject))
        try {
          return original.apply(this, args)
        } catch (error) {
          throw withoutUs(error)
        }
      }
    })
  }
}

/** A serializer is asked about every value in a snapshot; this one never serializes any. */
function watchSnapshots() {
  expect.addSnapshotSerializer({
    test(value) {
      if (typeof value === 'string') lookAtText('a snapshot', value)
      else look('a snapshot', value)
      return false
    },
    serialize: String,
  })
}

/**
 * Takes our frames out of a failed assertion's stack, so that vitest shows the line of the test.
 * @param {unknown} error
 */
function withoutUs(error) {
  if (error instanceof Error && error.stack !== undefined) {
    const frames = error.stack.split('\n').filter((line) => !line.includes('tooling/vitest/canary.mjs'))
    error.stack = frames.join('\n')
  }
  return error
}

/** @param {Function} subject */
function observed(subject) {
  return () => {
    try {
      return subject()
    } catch (error) {
      look('the error thrown', error)
      throw error
    }
  }
}

function watchOutput() {
  for (const name of /** @type {const} */ (['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'])) {
    const original = console[name]
    console[name] = (/** @type {unknown[]} */ ...args) => {
      lookAtText(`console.${name}`, `${format(...args)} ${inspect(args, { depth: 8 })}`)
      original.apply(console, args)
    }
  }
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    const stream = process[name]
    const original = stream.write
    stream.write = (/** @type {any[]} */ ...args) => {
      lookAtText(`process.${name}`, typeof args[0] === 'string' ? args[0] : Buffer.from(args[0]).toString())
      return Reflect.apply(original, stream, args)
    }
  }
  // vitest reports these itself; we only look.
  process.on('unhandledRejection', (reason) => look('an unhandled rejection', reason))
  process.on('uncaughtExceptionMonitor', (error) => look('an uncaught exception', error))
}

if (!(installed in globalThis)) {
  Object.defineProperty(globalThis, installed, { value: true })
  watchExpect()
  watchSnapshots()
  watchOutput()
}

function report() {
  const found = [...new Set(leaks.splice(0))]
  if (found.length > 0) expect.fail(`A test credential shows in ${found.length} place(s):\n  ${found.join('\n  ')}`)
}

afterEach(report)
afterAll(report)
