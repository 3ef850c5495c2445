// Test credentials in every format the services use: valid in form, told apart by name, the same on every run, marked.
import { createHash } from 'node:crypto'
import { MARKER } from './marker.mjs'

/** Body characters before the marker, so that a prefix which is shown on purpose never shows it. */
const SHOWN = 8

/**
 * @param {string} name
 * @param {number} length
 * @returns {string} hex characters that depend on the name only
 */
function hexOf(name, length) {
  let text = ''
  for (let round = 0; text.length < length; round += 1) {
    text += createHash('sha256').update(`${round}:${name}`).digest('hex')
  }
  return text.slice(0, length)
}

/**
 * @param {string} prefix
 * @param {number} length of the body
 * @returns {(name?: string) => string}
 */
function format(prefix, length) {
  return (name = 'default') => {
    const body = hexOf(`${prefix}${name}`, length - MARKER.length)
    return `${prefix}${body.slice(0, SHOWN)}${MARKER}${body.slice(SHOWN)}`
  }
}

/** Makers of marked credentials; hex is valid wherever base64url or an opaque text is asked for. */
export const testKey = {
  pendium: format('pendium_', 40),
  pensyve: format('psy_', 40),
  profundis: format('', 40),
  pentographer: format('ptg_', 64),
  /** The secret of a Pentographer client. */
  pentographerSecret: format('ptgs_', 64),
  /** The id of a Pentographer client is no secret and carries no marker. */
  pentographerClientId: (name = 'default') => `ptgc_${hexOf(`ptgc_${name}`, 24)}`,
  pendra: format('pdr_sk_', 43),
  /** Access, refresh and registration tokens, codes: anything opaque. */
  token: format('tok_', 40),
}
