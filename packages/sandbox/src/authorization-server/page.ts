import { randomHex } from '../secrets.ts'
import { type Html, html } from './html.ts'

// One look for all pages: it follows the system's colours, shows the focus, and needs no script, font or image.
const everyPage = `
:root { color-scheme: light dark; --accent: #1d4ed8; --on-accent: #fff; --line: #8a8f98; --soft: #eef1f6 }
@media (prefers-color-scheme: dark) { :root { --accent: #9dbcff; --on-accent: #10182b; --soft: #23262d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText }
main { width: 100%; max-width: 28rem; padding: 2rem; border: 1px solid var(--line); border-radius: 1rem }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere }
p, ul, dl { margin: 0 0 1rem; overflow-wrap: anywhere }
dt { font-size: .875rem } dd { margin: 0 0 .5rem; font-weight: 600 }
fieldset { margin: 0 0 1.5rem; padding: 0; border: 0 }
legend { padding: 0; margin-bottom: .5rem; font-weight: 600 }
.choice { display: flex; gap: .75rem; align-items: center; padding: .75rem 1rem; margin-bottom: .5rem; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
.choice:has(:checked) { border-color: var(--accent); background: var(--soft) }
.choice small { display: block }
input[type=radio] { width: 1.25rem; height: 1.25rem; accent-color: var(--accent) }
input[type=text] { display: block; width: 100%; min-height: 2.75rem; margin: .25rem 0 1rem; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; font: inherit; background: Field; color: FieldText }
input.code { letter-spacing: .1em; text-transform: uppercase }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem }
button { flex: 1 1 8rem; min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .5rem; font: inherit; font-weight: 600; cursor: pointer; background: transparent; color: var(--accent) }
button.main { background: var(--accent); color: var(--on-accent) }
button.link { flex: 1 0 100%; min-height: 0; text-align: start; padding: .25rem 0; border: 0; text-decoration: underline }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.notice { padding: .75rem 1rem; border-radius: .5rem; background: var(--soft) }
footer { margin-top: 1.5rem; font-size: .875rem }
`

/** One page for a person. */
export interface Page {
  /** The service whose page it is. */
  readonly service: string
  readonly heading: string
  readonly content: Html
  readonly status?: number | undefined
  readonly cookie?: string | undefined
  /** The address a form of the page may lead to beyond this server. */
  readonly leadsTo?: string | undefined
  /** Rules beside those of every page. */
  readonly style?: string | undefined
}

/** A page without any script that nothing can frame, cache or load things into. */
export function pageResponse({ service, heading, content, status = 200, cookie, leadsTo, style = '' }: Page): Response {
  const nonce = randomHex(32)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading} · ${service}</title>
<style nonce="${nonce}">${{ markup: everyPage + style }}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
${content}
<footer>The ${service} of the sandbox: the accounts are made up, and no password is asked.</footer>
</main>
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    // A browser holds this against the address the form is redirected to as well.
    `form-action 'self'${leadsTo === undefined ? '' : ` ${formTarget(leadsTo)}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  if (cookie !== undefined) headers.append('set-cookie', cookie)
  return new Response(page.markup, { status, headers })
}

/** A page that only says something, such as why it does not go on. */
export function messagePage(service: string, heading: string, text: string, status = 200): Response {
  const content = html`<p${status < 400 ? undefined : { markup: ' role="alert"' }}>${text}</p>`
  return pageResponse({ service, heading, content, status })
}

// An IPv6 address has no form in a policy, so there the scheme must do.
function formTarget(url: string): string {
  const { origin, protocol, hostname } = new URL(url)
  return hostname.startsWith('[') ? protocol : origin
}
