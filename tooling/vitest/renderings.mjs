// Every way in which an error, or anything else, becomes text on its way to a log.
import { inspect } from 'node:util'
import { hasMarker, masked } from '../canary/marker.mjs'

const EVERYTHING = {
  depth: Infinity,
  showHidden: true,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Infinity,
}

/** @type {Readonly<Record<string, (value: any) => unknown>>} */
const WAYS = {
  message: (value) => value.message,
  stack: (value) => value.stack,
  String: (value) => String(value),
  toString: (/** @type {any} */ value) => value.toString(),
  inspect: (value) => inspect(value, EVERYTHING),
  'JSON.stringify': (value) => JSON.stringify(value),
  toJSON: (value) => inspect(value.toJSON?.(), EVERYTHING),
  'own properties': (value) => inspect([{ ...value }, Object.entries(value)], EVERYTHING),
  structuredClone: (value) => inspect(structuredClone(value), EVERYTHING),
  'inside an object': (value) => inspect({ error: value, list: [value] }, { ...EVERYTHING, showHidden: false }),
}

/**
 * @typedef {object} Rendering
 * @property {string} way
 * @property {string} text
 */

/**
 * The value in ten renderings, and each error of its cause chain in ten more.
 * @param {unknown} value
 * @returns {readonly Rendering[]}
 */
export function renderings(value) {
  return causeChain(value).flatMap((link, depth) =>
    Object.entries(WAYS).flatMap(([way, render]) => {
      const text = attempt(() => render(link))
      return text === undefined ? [] : [{ way: `${'cause, '.repeat(depth)}${way}`, text }]
    }),
  )
}

/**
 * @param {unknown} value
 * @returns {string | undefined} which rendering shows the marker, and its masked text
 */
export function findMarker(value) {
  const found = renderings(value).find(({ text }) => hasMarker(text))
  return found === undefined ? undefined : `${found.way}: ${masked(found.text).slice(0, 400)}`
}

/**
 * Not every value can be rendered in every way; what cannot be rendered cannot leak.
 * @param {() => unknown} render
 */
function attempt(render) {
  try {
    const text = render()
    return text === undefined ? undefined : String(text)
  } catch {
    return undefined
  }
}

/** @param {unknown} value */
function causeChain(value) {
  /** @type {unknown[]} */
  const chain = []
  for (let link = value; link !== undefined && link !== null && !chain.includes(link) && chain.length < 16; ) {
    chain.push(link)
    link = typeof link === 'object' && 'cause' in link ? link.cause : undefined
  }
  return chain
}
