import type { Greeting } from './ask-challenge.ts'
import type { Answer } from './asker.ts'
import { type Document, documentIn, listIn } from './documents.ts'
import { judgePlaces, judgeResource } from './judge-resource.ts'
import type { Visit } from './visit.ts'

/** What the resource says about where its tokens come from. */
export interface FoundResource {
  readonly document?: Document | undefined
  readonly answer?: Answer | undefined
  /** The authorization server that most clients take; of an MCP server without metadata, its own origin. */
  readonly issuer?: string | undefined
}

/** Step 3: who gives tokens for it? */
export async function askResource(visit: Visit, { challenge, isOpen }: Greeting): Promise<FoundResource> {
  visit.begin('resource')
  const { url, audience = url, protocol } = visit.resource
  const { origin, pathname, search } = new URL(audience)
  const ask = (place: string, note: string) => visit.ask({ url: place, headers: { accept: 'application/json' }, note })
  const root = `${origin}/.well-known/oauth-protected-resource`
  const atPath = root + (pathname === '/' ? '' : pathname) + search

  const named = challenge?.parameters.resource_metadata
  const refusal = named === undefined ? undefined : await visit.refusal(named)
  const path = await ask(atPath, 'the place for the path')
  const told =
    named === undefined || named === atPath ? undefined : (refusal ?? (await ask(named, 'as the challenge says')))
  const isFound = [told, path].some((answer) => typeof answer === 'object' && documentIn(answer))
  const others = new Set([named, atPath])
  const unasked = (place: string) => !isFound && !others.has(place) && others.add(place)
  const { protectedResourceMetadata: documented } = visit.service.oauth ?? {}
  const places = {
    told: named === atPath ? path : told,
    path,
    root: unasked(root) ? await ask(root, 'the place for the host') : undefined,
    documented: documented && unasked(documented) ? await ask(documented, 'as its documentation says') : undefined,
  }
  const { verdicts, found } = judgePlaces(places)
  const asked = Object.values(places).filter((answer): answer is Answer => typeof answer === 'object')
  // Who lets everybody in needs nobody who gives tokens, and only MCP demands that all say who does.
  const isFree = !found && (isOpen || protocol !== 'mcp')
  visit.judge(
    isFree ? verdicts.map((verdict) => ({ ...verdict, severity: 'info' as const })) : verdicts,
    ...new Set(asked),
  )
  if (!found) return { issuer: visit.service.oauth?.issuer ?? (isFree ? undefined : origin) }

  const issuers = listIn(found.document, 'authorization_servers') ?? []
  const refusals = new Map<string, string>()
  for (const issuer of issuers.slice(0, 5)) {
    const flaw = await visit.refusal(issuer)
    if (flaw) refusals.set(issuer, flaw)
  }
  visit.judge(judgeResource(found.document, [...new Set([audience, url])], refusals), found.answer)
  return { ...found, issuer: issuers.find((issuer) => !refusals.has(issuer)) }
}
