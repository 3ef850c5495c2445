// Rules about files as texts: their size, what they say of the machine they were written on, unmarked credentials.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasMarker } from '../canary/marker.mjs'
import { linesOf, ourFiles } from './our-files.mjs'

const LONGEST = 300

/**
 * @param {string} root
 * @returns {readonly string[]}
 */
export function checkSizes(root) {
  return ourFiles(root)
    .filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file))
    .flatMap((file) => {
      const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
      return lines > LONGEST
        ? [`${file} has ${lines} lines, ${LONGEST} is the limit: cut it where it has two subjects`]
        : []
    })
}

/** Where a file gives away the machine or the registry it was written with. */
const PLACES = [
  {
    what: "a package registry's host",
    pattern: /\b(registry|npm)\.[a-z0-9-]+\.(org|com|net|io|dev|cn)\b|yarn[p]kg\.com|npm\.pkg\.github/i,
  },
  { what: 'a registry setting', pattern: /^\s*(@[\w-]+:)?registry\s*=|_auth[T]oken/ },
  { what: 'a path of one machine', pattern: /(^|[\s"'`(=:])(\/(home|Users|root|work)\/[\w.-]+|[A-Z]:\\{1,2}Users\b)/ },
]

/**
 * @param {string} root
 * @returns {readonly string[]}
 */
export function checkPlaces(root) {
  return linesOf(root, ourFiles(root)).flatMap(({ file, line, text }) =>
    PLACES.filter(({ pattern }) => pattern.test(text)).map(({ what }) => `${file}:${line} names ${what}`),
  )
}

const CREDENTIALS = [
  /\b(?:psy_|ptgs?_|pdr_sk_|pendium_)[A-Za-z0-9_-]{12,}/g,
  // Not a challenge, whose parameters follow the scheme: Bearer error="...".
  /\bBearer [A-Za-z0-9._~+/-]{8,}(?![A-Za-z0-9._~+/-]*=["\w])=*/g,
]

/** Words, as in `psy_your_key_here` or `Bearer nonsense`: nobody takes them for a credential. */
const PLACEHOLDER = /^(Bearer )?[a-z]+([_-][a-z]+)*$/

/**
 * A credential in a test carries the marker, or the canary cannot see it leak.
 * @param {string} root
 * @returns {readonly string[]}
 */
export function checkTestCredentials(root) {
  const tests = ourFiles(root).filter((file) =>
    /^(packages|examples|bench|tooling)\/.*(^|\/)test\/|\.test\.m?tsx?$/.test(file),
  )
  return linesOf(root, tests).flatMap(({ file, line, text }) =>
    CREDENTIALS.flatMap((pattern) => text.match(pattern) ?? [])
      .filter((found) => !hasMarker(found) && !PLACEHOLDER.test(found))
      .map(
        (found) => `${file}:${line} has a credential without the marker (${found.slice(0, 12)}…): make it with testKey`,
      ),
  )
}
