import { createHash } from 'node:crypto'
import { type Html, html } from './html.ts'
import { diagram } from './html-diagram.ts'
import { style } from './html-style.ts'
import { exchangeLine } from './render-text.ts'
import type { Finding, Report, ReportStep } from './report.ts'

/** The report as one page: no script, nothing loaded, only its own style sheet by its hash. */
export function reportHtml(report: Report): string {
  const { service, url, examinedAt, counts, steps, exchanges } = report
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`
  const numbers = (['error', 'warning', 'info', 'ok'] as const).map(
    (severity) => html`<li class="${severity}">${counts[severity]} ${severity}</li>`,
  )
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${service}: pentauth doctor</title>
<style>${{ html: style }}</style>
</head>
<body>
<header>
<h1>${service}</h1>
<p><code>${url}</code>, examined at ${examinedAt}</p>
<ul class="counts">${numbers}</ul>
</header>
<main>
${steps.filter(({ notes, findings }) => notes.length > 0 || findings.length > 0).map((step) => section(report, step))}
<section><h2>All requests</h2>
${exchanges.length > 0 ? diagram(exchanges) : html`<p>None was sent.</p>`}
</section>
</main>
</body>
</html>
`
  return page.html
}

function section({ exchanges }: Report, { id, title, notes, findings }: ReportStep): Html {
  const broken = findings.filter(({ severity }) => severity !== 'ok')
  const met = findings.filter(({ severity }) => severity === 'ok')
  const own = exchanges.filter((exchange) => exchange.step === id)
  return html`<section id="${id}"><h2>${title}</h2>
<ul class="mono note">${own.map((exchange) => html`<li>${exchangeLine(exchange)}</li>`)}</ul>
${notes.map((note) => html`<p class="note">${note}</p>`)}
<ul>${broken.map(item)}</ul>
<ul class="met">${met.map(({ rule, id: finding }) => html`<li id="${finding}"><span class="ok">✓</span> ${rule}</li>`)}</ul>
</section>`
}

function item({ id, severity, rule, detail = '', hint = '', specification, exchanges }: Finding): Html {
  const requests = exchanges.map((number) => `#${number}`).join(', ')
  return html`<li class="finding ${severity}" id="${id}">
<p class="sign">${severity}: ${id}</p>
<p class="detail mono">${detail}</p>
<p>Rule: ${rule} <a rel="noreferrer" href="${specification.url}">${specification.name}</a></p>
<p>Do: ${hint}</p>
<p class="note">${requests === '' ? '' : `Seen in ${requests}`}</p>
</li>`
}
