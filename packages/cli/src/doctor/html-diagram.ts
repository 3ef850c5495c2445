import { type Html, html } from './html.ts'
import { mostLanes } from './html-style.ts'
import type { Exchange } from './report.ts'

/** The requests as a sequence diagram: the doctor on the left, each host a lane, there and back as arrows. */
export function diagram(exchanges: readonly Exchange[]): Html {
  const hosts = [...new Set(exchanges.map(({ url }) => hostOf(url)))]
  const shownHosts = hosts.slice(0, mostLanes - 1)
  const laneOf = (url: string): number => Math.min(hosts.indexOf(hostOf(url)) + 2, mostLanes)
  const heads = shownHosts.map((host, index) => {
    const others = hosts.length - shownHosts.length
    return html`<li>${index === shownHosts.length - 1 && others > 0 ? `${host} and ${others} more` : host}</li>`
  })
  return html`<div class="diagram lanes${shownHosts.length + 1}">
<ol class="heads"><li>pentauth doctor</li>${heads}</ol>
<ol>${exchanges.map((exchange) => rows(exchange, laneOf(exchange.url)))}</ol>
</div>`
}

function rows({ number, method, url, note, status, failure, headers }: Exchange, lane: number): Html {
  const answer = [status ?? failure ?? '', headers['content-type']?.split(';')[0] ?? ''].join(' ').trim()
  const isBad = status === undefined || status >= 500
  return html`<li class="row"><p class="label"><span>#${number} ${method} ${pathOf(url)} (${note})</span></p>
<div class="arrow there to${lane}"><i></i></div>
<p class="label${isBad ? ' error' : ''}"><span>${answer}</span></p>
<div class="arrow back to${lane}"><i></i></div></li>`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'elsewhere'
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}
