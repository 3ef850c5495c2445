// The demo for people: one block a scene, written as it happens.
import process from 'node:process'
import { stripVTControlCharacters, styleText } from 'node:util'
import { services } from '@pentauth/core/services'

/** @typedef {import('./play.mjs').Row} Row */

const out = process.stdout

/** Credentials in words. */
const kinds = {
  'api-key': 'API key',
  'client-credentials': 'access token by client credentials',
  oauth: 'access token by sign-in',
}

/**
 * @param {Parameters<typeof styleText>[0]} style
 * @param {string} text
 */
// styleText itself looks at NO_COLOR and at whether the stream is a terminal.
const paint = (style, text) => styleText(style, text, { stream: out })

/** @param {string} text @param {number} width */
const pad = (text, width) => text + ' '.repeat(Math.max(0, width - stripVTControlCharacters(text).length))

/** @param {string} text @param {number} room */
const cut = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text)

/**
 * Text in lines that fit the screen, indented.
 * @param {string} text
 * @param {string} [first] what the first line begins with instead of the indent's last part
 */
function wrapped(text, first = '') {
  const room = width() - 8
  const lines = ['']
  let length = first.length
  for (const word of text.split(' ')) {
    if (length + word.length + 1 > room) {
      lines.push('')
      length = 0
    }
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`
    length += word.length + 1
  }
  return lines.map((line, index) => `      ${index === 0 ? paint('dim', first) : ''}${line}\n`).join('')
}

const width = () => Math.min(out.isTTY ? out.columns : 120, 120)

/** @param {Record<string, string>} origins */
export function opening(origins) {
  const hosts = [...new Set(Object.values(origins).map((origin) => new URL(origin).hostname))]
  out.write(
    `\n${paint('bold', 'Pentauth')}: five services on ${hosts.join(', ')}, real HTTP: keys from the environment, people who sign in\n`,
  )
}

/** @returns {Parameters<typeof import('./play.mjs').play>[2]} */
export function screen() {
  return {
    found({ service, resource, credential }, { source, preview, fingerprint }, header, extra) {
      const name = services.find(({ id }) => id === service)?.name ?? service
      out.write(`\n${paint('bold', name)} ${resource}\n`)
      out.write(`  ${kinds[credential]} (${preview}…, sha256 ${fingerprint}…)\n`)
      out.write(`  from ${paint('cyan', source)}\n`)
      out.write(`  as ${paint('cyan', header)}${extra ? `, with ${extra}` : ''}\n`)
    },
    row(call, row, { answer, error }) {
      if (call.before) out.write(`  ${paint('dim', `… ${call.before}`)}\n`)
      const mark = row.ok ? paint('green', '✓') : paint('red', '✗')
      const status = paint(row.status < 400 ? 'green' : 'yellow', String(row.status))
      const said = error ? `${paint('yellow', error.code)}` : cut(answer, Math.max(20, width() - 62))
      out.write(`  ${mark} ${pad(call.operation, 34)} ${status}  ${said} ${paint('dim', `${row.ms} ms`)}\n`)
      if (error) out.write(wrapped(error.message.replace(` ${error.hint}`, '')) + wrapped(error.hint ?? '', 'hint: '))
      if (!row.ok) out.write(`      ${paint('red', `expected ${call.expected.status} ${call.expected.code ?? ''}`)}\n`)
    },
  }
}

/** @param {readonly Row[]} rows */
export function closing(rows) {
  const wrong = rows.filter(({ ok }) => !ok).length
  const counted = `${rows.length} calls to ${new Set(rows.map(({ service }) => service)).size} services`
  out.write(
    wrong === 0
      ? `\n${paint('green', '✓')} ${counted}: every header, status and error is the documented one.\n\n`
      : `\n${paint('red', '✗')} ${counted}: ${wrong} not as documented.\n\n`,
  )
}
