// Looks for the marker in an output that comes in pieces.
import { hasMarker, masked } from './marker.mjs'

/**
 * @typedef {object} Leak
 * @property {number} line counted from 1
 * @property {string} text the line, with the marker masked
 */

/**
 * Works line by line, so that neither the border of a piece nor a colour code in between hides a marker.
 * @returns {{ push: (piece: string) => void, end: () => readonly Leak[] }}
 */
export function createScanner() {
  /** @type {Leak[]} */
  const leaks = []
  let line = 1
  let rest = ''
  const look = (/** @type {string} */ text) => {
    if (hasMarker(text)) leaks.push({ line, text: masked(text).trim().slice(0, 200) })
    line += 1
  }
  return {
    push(piece) {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      for (const text of lines) look(text)
    },
    end() {
      if (rest !== '') look(rest)
      rest = ''
      return leaks
    },
  }
}

/**
 * @param {string} text
 * @returns {readonly Leak[]}
 */
export function scan(text) {
  const scanner = createScanner()
  scanner.push(text)
  return scanner.end()
}
