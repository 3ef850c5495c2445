// The canary: a mark that every test credential carries, so that a leak of any of them is a text search.
// Twelve hex characters are valid in every key format, and sit after the eighth character, where redaction has begun.

export const MARKER = '5ec2e7ca9a21'

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, 'g')

/**
 * How the marker looks inside base64 or base64url text, where its first byte may sit at any of three positions. The
 * characters at either end that depend on the neighbours are left out.
 * @returns {readonly string[]}
 */
function base64Forms() {
  return [0, 1, 2].map((offset) => {
    const text = btoa('\0'.repeat(offset) + MARKER)
      .replaceAll('+', '-')
      .replaceAll('/', '_')
    const start = Math.ceil((offset * 8) / 6)
    const end = Math.floor(((offset + MARKER.length) * 8) / 6)
    return text.slice(start, end)
  })
}

// Without Buffer, which pages do not have.
const hex = Array.from(MARKER, (letter) => letter.charCodeAt(0).toString(16)).join('')
const percent = hex.replace(/../g, '%$&')
const encoded = base64Forms().join('|')

// Base64 has a case to keep; the marker itself and its hex and percent forms do not.
const FORMS = [new RegExp(`${MARKER}|${hex}|${percent}`, 'gi'), new RegExp(encoded, 'g')]

/**
 * @param {string} text
 * @returns {string} without terminal colours, which may cut a marker in two
 */
export function withoutAnsi(text) {
  return text.replace(ANSI, '')
}

/**
 * @param {string} text
 * @returns {boolean}
 */
export function hasMarker(text) {
  const plain = withoutAnsi(text)
  return FORMS.some((form) => plain.search(form) !== -1)
}

/**
 * The text fit to be shown: a line with a marker loses its colours and the marker.
 * @param {string} text
 * @returns {string}
 */
export function masked(text) {
  return text
    .split('\n')
    .map((line) =>
      hasMarker(line) ? FORMS.reduce((rest, form) => rest.replace(form, '[MARKER]'), withoutAnsi(line)) : line,
    )
    .join('\n')
}
