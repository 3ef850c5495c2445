import { type Html, html } from '../authorization-server/html.ts'
import type { KeyInfo, NewKey } from '../keys.ts'
import type { Outcome } from './flash.ts'
import { type Form, moment } from './form.ts'
import type { Row } from './frame.ts'

/** A key in a list; its value is known to nobody any more. */
export function keyRow(key: KeyInfo, lines: readonly Html[], actions: Row['actions']): Row {
  return {
    name: key.name,
    lines: [html`<code>${key.preview}…</code>`, ...lines, html`Created ${moment(key.createdAt)}`],
    actions,
  }
}

/** The end of a key, behind the word that the service has for it. */
export function ending(
  key: KeyInfo,
  form: Form,
  word: 'Delete' | 'Revoke',
  consequence: string,
): Row['actions'][number] {
  const button = form(`${word.toLowerCase()}-key`, `${word} key`, { id: key.id, about: key.name })
  return { name: word, content: html`<p>${consequence}</p>\n${button}` }
}

/** What is said of a new key, this once. */
export function made({ key, name }: NewKey, notice: string): Outcome {
  return { notice, secrets: [{ label: `API key “${name}”`, value: key }] }
}
