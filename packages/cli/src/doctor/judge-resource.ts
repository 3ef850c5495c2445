import type { Answer } from './asker.ts'
import { answered, type Document, documentIn, has, judgeType, listIn, textIn, troubleIn } from './documents.ts'
import type { Verdict } from './report.ts'
import { shownUrl, shownValue } from './shown.ts'

/** Where the document was looked for. */
export interface ResourcePlaces {
  /** As the challenge says; a text says why it was not asked. */
  readonly told?: Answer | string | undefined
  readonly path: Answer
  readonly root?: Answer | undefined
  readonly documented?: Answer | undefined
}

/** Where the document is, and what it is, as far as it is one. */
export function judgePlaces({ told, path, root, documented }: ResourcePlaces): {
  readonly verdicts: readonly Verdict[]
  readonly found?: { readonly answer: Answer; readonly document: Document }
} {
  const asked = [told, path, root, documented].filter((answer): answer is Answer => typeof answer === 'object')
  const answer = asked.find((one) => documentIn(one))
  const verdicts: Verdict[] = []
  if (told !== undefined) {
    const met = typeof told === 'object' && documentIn(told) !== undefined
    verdicts.push({
      id: 'resource.told_place',
      met,
      detail: typeof told === 'string' ? told : met ? shownUrl(told.url) : answered(told),
    })
  }
  const document = answer && documentIn(answer)
  const strange = asked.find(({ status }) => status === 200)
  if (document === undefined && strange)
    return { verdicts: [...verdicts, { id: 'resource.json', met: false, detail: answered(strange) }] }
  const places = asked.map(answered).join('; ')
  verdicts.push({
    id: 'resource.found',
    met: document !== undefined,
    detail: answer ? shownUrl(answer.url) : places,
    hint: troubleIn(asked),
  })
  if (answer === undefined || document === undefined) return { verdicts }
  const isAtPath = documentIn(path) !== undefined
  verdicts.push(
    { id: 'resource.path_place', met: isAtPath, detail: answered(path) },
    { id: 'resource.json', met: true },
    judgeType(answer, 'resource.type'),
  )
  return { verdicts, found: { answer, document } }
}

/** What the document says. `refusals` has why an issuer may not be asked, by issuer. */
export function judgeResource(
  document: Document,
  urls: readonly string[],
  refusals: ReadonlyMap<string, string>,
): Verdict[] {
  const issuers = listIn(document, 'authorization_servers') ?? []
  const flawed = issuers.flatMap((issuer) => {
    const flaw = refusals.get(issuer) ?? (/[?#]/.test(issuer) ? 'has a query or fragment' : undefined)
    return flaw === undefined ? [] : [`${shownUrl(issuer)} ${flaw}`]
  })
  const methods = listIn(document, 'bearer_methods_supported')
  const scopes = listIn(document, 'scopes_supported')
  return [
    ...judgeIdentifier(document, urls),
    has(document, 'authorization_servers', 'resource.servers', issuers.length > 0),
    ...(issuers.length > 0
      ? [{ id: 'resource.issuers', met: flawed.length === 0, detail: flawed.join('; ') || undefined } as const]
      : []),
    ...(issuers.length > 1 ? [has(document, 'authorization_servers', 'resource.several', false)] : []),
    ...(methods ? [has(document, 'bearer_methods_supported', 'resource.header', methods.includes('header'))] : []),
    has(document, 'scopes_supported', 'resource.scopes', (scopes ?? []).length > 0),
    ...(scopes
      ? [has(document, 'scopes_supported', 'resource.offline_access', !scopes.includes('offline_access'))]
      : []),
  ]
}

function judgeIdentifier(document: Document, urls: readonly string[]): Verdict[] {
  const named = textIn(document, 'resource')
  const said = `"resource": ${shownValue(document.resource)}, asked: ${urls.map(shownUrl).join(' or ')}`
  if (named === undefined || !URL.canParse(named))
    return [{ id: 'resource.identifier', met: false, detail: `${said}: no URL` }]
  const fits = urls.map((url) => fitOf(new URL(named), new URL(url)))
  const isSame = fits.includes('same')
  const covers = isSame || fits.includes('prefix')
  return [
    { id: 'resource.identifier', met: covers, detail: covers ? shownUrl(named) : `${said}: ${fits[0]}` },
    ...(covers
      ? [{ id: 'resource.exact', met: isSame, detail: isSame ? undefined : `${said}: a part of it` } as const]
      : []),
  ]
}

/** How one address stands to another, in words where it does not fit. */
function fitOf(named: URL, asked: URL): string {
  if (named.href === asked.href) return 'same'
  if (named.protocol !== asked.protocol) return `another scheme (${named.protocol})`
  if (named.hostname !== asked.hostname) return 'another host'
  if (named.port !== asked.port) return 'another port'
  if (/[?#]/.test(named.href)) return 'a query or fragment of its own'
  if (asked.pathname.startsWith(named.pathname.replace(/\/?$/, '/'))) return 'prefix'
  if (named.pathname.replace(/\/$/, '') === asked.pathname.replace(/\/$/, '')) return 'a slash at the end too much'
  if (named.pathname.toLowerCase() === asked.pathname.toLowerCase()) return 'other case'
  return 'another path'
}
