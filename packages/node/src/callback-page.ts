import { builtin } from './builtin.ts'

/** What the page that a browser ends at has to say. */
export type CallbackOutcome = 'signed_in' | 'failed' | 'answered' | 'stranger'

interface Words {
  readonly heading: (name: string) => string
  readonly text: string
  readonly mark: string
}

const words: Readonly<Record<CallbackOutcome, Words>> = {
  signed_in: {
    heading: (name) => `You are signed in to ${name}`,
    text: 'Go back to the terminal. You can close this tab.',
    mark: '✓',
  },
  failed: {
    heading: (name) => `The sign-in to ${name} did not work`,
    text: 'Look at the terminal: it says why, and what to do. You can close this tab.',
    mark: '✗',
  },
  answered: {
    heading: (name) => `This sign-in to ${name} has been answered`,
    text: 'It takes one answer only. Look at the terminal. You can close this tab.',
    mark: '·',
  },
  stranger: {
    heading: () => 'This is no answer to a sign-in that waits here',
    text: 'Begin at the terminal again, and open the address that it shows. You can close this tab.',
    mark: '·',
  },
}

// It follows the system's colours and needs no script, font or image.
const style = `
:root { color-scheme: light dark; --good: #15803d; --bad: #b91c1c; --line: #8a8f9855 }
@media (prefers-color-scheme: dark) { :root { --good: #4ade80; --bad: #f87171 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText }
main { width: 100%; max-width: 28rem; padding: 2.5rem 2rem; border: 1px solid var(--line); border-radius: 1rem; text-align: center }
.mark { display: grid; place-items: center; width: 3.5rem; height: 3.5rem; margin: 0 auto 1.25rem; border: 2px solid currentColor; border-radius: 50%; font-size: 1.75rem; line-height: 1 }
.signed_in { color: var(--good) } .failed { color: var(--bad) }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere }
p { margin: 0; overflow-wrap: anywhere }
`

const characters: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '&': '&amp;',
}
const escaped = (text: string) => text.replace(/[<>"'&]/g, (character) => characters[character] ?? '')

/** The only page there is, in its few forms: nothing of a request is ever in it. */
export function callbackPage(outcome: CallbackOutcome, name: string): string {
  const { heading, text, mark } = words[outcome]
  const title = escaped(heading(name))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<div class="mark ${outcome}" aria-hidden="true">${mark}</div>
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`
}

/** The headers of every answer, whatever was asked: nothing runs in it, frames it, keeps it or learns where it was. */
export function callbackHeaders(): Readonly<Record<string, string>> {
  const hash = builtin('node:crypto').createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  }
}
