import { type Html, html } from '../authorization-server/html.ts'

/** One form of a console. */
export interface FormOptions {
  /** What it is about, by the id in the store. */
  readonly id?: string | undefined
  /** The same in words: several buttons on a page say "Revoke". */
  readonly about?: string | undefined
  readonly fields?: Html | undefined
}

/** Makes a form that one button sends to an action of the console. */
export type Form = (action: string, button: string, options?: FormOptions) => Html

/** Makes the forms of one view of a page: they share a token, since the first that is sent leads to a new view. */
export function formsOf(path: string, token: string): Form {
  return (action, button, { id, about, fields } = {}) => html`<form method="post" action="${path}/${action}">
<input type="hidden" name="form" value="${token}">
${id === undefined ? undefined : html`<input type="hidden" name="id" value="${id}">`}
${fields}
<div class="buttons"><button class="main" type="submit"${
    about === undefined ? undefined : html` aria-label="${button} ${about}"`
  }>${button}</button></div>
</form>`
}

/** Something that is opened before it is done: no script is needed to ask "are you sure". */
export function disclosure(summary: string, about: string | undefined, content: Html): Html {
  return html`<details><summary>${summary}${
    about === undefined ? undefined : html`<span class="unseen"> ${about}</span>`
  }</summary>
<div class="opened">${content}</div></details>`
}

/** A field for a name; a page has one for each `id`. */
export function nameField(id: string, example: string): Html {
  return html`<label for="${id}">Name</label>
<input type="text" id="${id}" name="name" required maxlength="${longestName}" autocomplete="off" placeholder="${example}">`
}

const longestName = 80

/** The name that was typed, if it is one. */
export function nameIn(fields: URLSearchParams): string | undefined {
  const name = (fields.get('name') ?? '').trim()
  return name === '' || name.length > longestName ? undefined : name
}

/** A moment in words, readable by programs too. */
export function moment(ms: number): Html {
  const date = new Date(ms)
  return html`<time datetime="${date.toISOString()}">${inWords.format(date)} UTC</time>`
}

const inWords = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
