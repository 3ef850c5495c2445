import { styleText } from 'node:util'
import type { Host } from '../host.ts'
import { lifeOf, plain } from '../words.ts'
import type { ServiceStatus, Use } from './service-status.ts'
import { table } from './table.ts'

/** Writes for people what is used where: a row for each credential, and below it what is worth knowing. */
export function writeStatus(
  all: readonly ServiceStatus[],
  store: string | undefined,
  { stdout }: Pick<Host, 'stdout'>,
): void {
  const style = (format: 'bold' | 'red' | 'dim', text: string) => styleText(format, text, { stream: stdout })
  const uses = all.flatMap(usesOf)
  const rows = uses.map(({ name, use }) => [
    style('bold', name),
    use.resources.join(', '),
    use.status === 'ready' ? sourceOf(use) : style('red', use.status === 'missing' ? 'nothing' : 'not usable'),
    detailOf(use),
  ])
  for (const [index, line] of table(rows, stdout.columns).entries()) {
    stdout.write(line)
    for (const note of uses[index]?.notes ?? []) stdout.write(`${style('dim', `  - ${note}`)}\n`)
  }
  for (const { name, accounts } of all) {
    const others = accounts.filter(({ isCurrent }) => !isCurrent)
    if (others.length > 0)
      stdout.write(`Also signed in to ${name}: ${others.map(({ account }) => plain(account)).join(', ')}\n`)
  }
  stdout.write(
    store
      ? `Sign-ins are kept in: ${plain(store)}\n`
      : 'Sign-ins cannot be kept: there is no home folder; set PENTAUTH_HOME.\n',
  )
}

/** What is said of each use: the name of the service once, and so each note that holds for all of it. */
function usesOf({ name, uses }: ServiceStatus): readonly { name: string; use: Use; notes: readonly string[] }[] {
  const said = new Set<string>()
  return uses.map((use, index) => {
    const notes = notesOn(use).filter((note) => !said.has(note))
    for (const note of notes) said.add(note)
    return { name: index === 0 ? name : '', use, notes }
  })
}

function sourceOf({ source, session }: Use): string {
  if (source) return plain(source.source)
  return session?.account === 'default'
    ? 'saved sign-in'
    : `saved sign-in ${JSON.stringify(plain(session?.account ?? ''))}`
}

function detailOf({ source, session, ways }: Use): string {
  if (source?.preview !== undefined)
    return `${nameOf(source.kind)} ${source.preview && `${source.preview}… `}(fingerprint ${source.fingerprint})`
  if (source) return 'its token is fetched with the first call'
  const scopes = session?.scopes ? `; scopes: ${plain(session.scopes.join(' '))}` : ''
  return session ? `${lifeOf(session)}${scopes}` : plain(ways.join(', or '))
}

function nameOf(kind: 'api-key' | 'access-token'): string {
  return kind === 'api-key' ? 'API key' : 'access token'
}

function notesOn({ notes, error, session, ways, status, check }: Use): readonly string[] {
  const wayBack = status === 'unusable' && session ? [`run: ${ways.join(', or ')}`] : []
  return [...(error ? [error.message] : []), ...wayBack, ...notes, ...checkNote(check)].map(plain)
}

function checkNote(check: Use['check']): readonly string[] {
  if (!check) return []
  if (!check.request) return ['not checked: no request is known that changes nothing']
  return [
    check.error
      ? `${check.status === undefined ? 'no answer' : 'refused'}: ${check.error.message} (${check.error.code})`
      : `accepted: ${check.request} → ${check.status}`,
  ]
}
