import { type Html, html } from '../authorization-server/html.ts'
import { pageResponse } from '../authorization-server/page.ts'
import type { Outcome } from './flash.ts'
import { disclosure, type Form } from './form.ts'

const style = `
body { place-items: start center }
main { max-width: 52rem }
nav ul, .rows { list-style: none; margin: 0; padding: 0 }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin-bottom: 1.5rem }
a { color: var(--accent) } nav a { display: inline-block; padding: .25rem 0 }
h2 { margin: 2rem 0 1rem; font-size: 1.125rem }
.rows > li { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: start; justify-content: space-between; padding: 1rem 0; border-top: 1px solid var(--line) }
.rows > li > div:first-child { flex: 1 1 18rem; overflow-wrap: anywhere }
.rows small { display: block }
.actions { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: start }
summary { padding: .5rem 0; cursor: pointer; font-weight: 600; color: var(--accent) }
.opened { max-width: 28rem; padding: 1rem; border-radius: .5rem; background: var(--soft) }
.account { margin-bottom: 1rem }
.avatar { display: inline-grid; place-items: center; width: 2rem; height: 2rem; margin-inline-end: .5rem; border-radius: 50%; background: var(--accent); color: var(--on-accent) }
.made > :last-child, .opened > p:last-child { margin-bottom: 0 }
.made { margin-bottom: 1.5rem; padding: 1rem; border: 2px solid var(--accent); border-radius: .5rem }
textarea { resize: none; display: block; width: 100%; margin: .25rem 0 1rem; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; font: 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; background: Field; color: FieldText }
table { width: 100%; border-collapse: collapse } th, td { padding: .5rem; border-bottom: 1px solid var(--line); text-align: start }
.scrolls { overflow-x: auto }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
`

/** What every console shows around its own content. */
export interface ConsoleFrame {
  readonly title: string
  readonly heading: string
  readonly path: string
  /** Its sections, with the address of each. */
  readonly menu: Readonly<Record<string, string>>
  readonly person: { readonly name: string; readonly email: string }
  readonly outcome: Outcome | undefined
  readonly form: Form
  readonly content: Html
}

/** The page of a console. */
export function consolePage({ title, heading, path, menu, person, outcome, form, content }: ConsoleFrame): Response {
  const links = Object.entries(menu).map(([name, href]) => html`<li><a href="${href}">${name}</a></li>`)
  const page = html`${outcomeOf(outcome)}
<details class="account"><summary><span class="avatar" aria-hidden="true">${person.name.slice(0, 1)}</span>${person.name}</summary>
<div class="opened"><p>Signed in as ${person.name} (${person.email})</p>
<p><a href="${path}" aria-current="page">${heading}</a></p>
${form('switch', 'Use another account')}</div></details>
<nav aria-label="${heading}"><ul>${links}</ul></nav>
${content}`
  return pageResponse({ service: title, heading, content: page, style })
}

/** A section of a console, under a heading of its own. */
export function section(id: string, heading: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
${content}</section>
`
}

/** One thing in a list: what it is, and what can be done with it. */
export interface Row {
  readonly name: string
  /** Further lines. */
  readonly lines: readonly Html[]
  /** What can be done, each behind a word that opens it. */
  readonly actions: readonly { readonly name: string; readonly content: Html }[]
}

/** A list, or a sentence where there is nothing to list. */
export function rows(list: readonly Row[], none: string): Html {
  if (list.length === 0) return html`<p>${none}</p>`
  return html`<ul class="rows">${list.map(
    ({ name, lines, actions }) => html`<li><div><strong>${name}</strong>
${lines.map((line) => html`<small>${line}</small>`)}</div>
<div class="actions">${actions.map((action) => disclosure(action.name, name, action.content))}</div></li>
`,
  )}</ul>`
}

function outcomeOf(outcome: Outcome | undefined): Html | undefined {
  if (outcome === undefined) return undefined
  const { notice, secrets = [] } = outcome
  if (secrets.length === 0) return html`<p class="notice" role="status">${notice}</p>`
  // No browser may put a value back that it remembers: the page is to forget it.
  return html`<div class="made" role="status"><p><strong>${notice}</strong></p>
${secrets.map(
  ({ label, value }, index) => html`<label for="secret-${index}">${label}</label>
<textarea id="secret-${index}" rows="2" readonly autocomplete="off" spellcheck="false">${value}</textarea>
`,
)}<p>Copy it now and keep it in a secret manager: this is the only time it is shown.</p></div>`
}
