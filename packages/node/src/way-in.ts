import {
  PentauthError,
  pendium,
  pendra,
  pensyve,
  pentographer,
  profundis,
  type Resource,
  type Service,
} from '@pentauth/core'

interface Place {
  /** One of the program's own, which the command line does not know. */
  readonly store?: unknown
  readonly account?: string | undefined
  readonly app?: string | undefined
}

/**
 * How somebody signs in, or becomes another account that is: by a line of a program, and at the command line where that finds the same
 * place.
 */
export function wayIn(service: Service, { store, account, app }: Place, other?: { readonly account: string }): string {
  const name = /^[a-z]\w*$/.test(service.id) ? service.id : 'service'
  const wishes = Object.entries({ account, app }).filter(([, value]) => value !== undefined)
  const written = wishes.map(([option, value]) => `${option}: ${JSON.stringify(value)}`).join(', ')
  const lines = [`await signIn(${name}${written ? `, { ${written} }` : ''})`]
  if (other) lines.push(`await switchAccount(${name}, ${JSON.stringify(other.account)})`)
  const argument = store === undefined && app === undefined ? argumentFor(service) : undefined
  if (argument === undefined) return lines.join(', or ')
  const commands = [`pentauth login ${argument}${account === undefined ? '' : ` --account ${word(account)}`}`]
  if (other) commands.push(`pentauth accounts ${argument} --switch ${word(other.account)}`)
  return `${lines.join(', or ')}, or run: ${commands.join(', or ')}`
}

/** What names a service at the command line: its id, or the address of its MCP server. */
function argumentFor({ id, resources, relocatedBy }: Service): string | undefined {
  const all = Object.values<Resource>(resources)
  const isMoved = relocatedBy === undefined && all.some(({ relocated }) => relocated)
  if (!isMoved && [pendium, pensyve, profundis, pentographer, pendra].some((one) => one.id === id)) return id
  const server = all.find(({ protocol, accessToken }) => protocol === 'mcp' && accessToken)
  const address = server && (server.audience ?? server.url)
  // A query may hold a key.
  return address && /^https?:[^?]*$/.test(address) ? word(address) : undefined
}

/** A word as shells take it. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The error of a sign-in that has ended, with the way back in; any other as it is. */
export function pointingAt(way: string, error: unknown): unknown {
  if (!PentauthError.isInstance(error) || error.code !== 'sign_in_required' || error.hint === undefined) return error
  const { code, service, link, hint, cause } = error
  const message = error.message.slice(0, -hint.length).trimEnd()
  return new PentauthError({ code, message, service, link, hint: `Sign in again: ${way}.`, cause })
}
