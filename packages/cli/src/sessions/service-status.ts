import { PentauthError, type Resource, type Service } from '@pentauth/core'
import type { SavedSession } from '@pentauth/node'
import type { Host } from '../host.ts'
import { as, plain, shownAddress, titleOf } from '../words.ts'
import type { Check } from './check.ts'
import { type EnvironmentFinding, inEnvironment } from './in-environment.ts'
import { audienceOf, isUsable, located, type SavedSignIns, savedFor, storeName } from './saved.ts'

/** A service, and how it is named at the command line. */
export interface Meant {
  readonly service: Service
  readonly argument: string
}

export interface StatusWishes {
  readonly account?: string
  readonly dotenv?: boolean | string
}

/** What some resources of a service are called with, and why. */
export interface Use {
  readonly resources: readonly string[]
  readonly status: 'ready' | 'missing' | 'unusable'
  readonly source?: EnvironmentFinding['source']
  /** The saved sign-in that is used, or would be. */
  readonly session?: SavedSession
  readonly error?: { readonly code: string; readonly message: string }
  /** What to do where nothing serves. */
  readonly ways: readonly string[]
  readonly notes: readonly string[]
  readonly check?: Check
}

export interface ServiceStatus {
  readonly service: string
  readonly name: string
  readonly uses: readonly Use[]
  readonly accounts: readonly (SavedSession & { readonly isCurrent: boolean })[]
}

/** What a service is called with here; nothing is asked of a server. */
export async function statusOf(
  { service, argument }: Meant,
  options: StatusWishes,
  host: Host,
): Promise<ServiceStatus> {
  const { env } = host
  const here = located(service, env)
  if (PentauthError.isInstance(here)) return misplaced(service, here)
  const saved = await shownFor(here, host)
  const found = await inEnvironment(service, { env, envFile: options.dotenv })
  const account = options.account ?? saved.current
  const uses = found.map((finding) => useOf(here, finding, { ...saved, current: account }, shownAddress(argument)))
  const accounts = saved.sessions.map((one) => ({ ...one, isCurrent: one.account === saved.current }))
  return { service: here.id, name: titleOf(here), uses: grouped(uses), accounts }
}

/** Where the environment moves a service to no place that there is, nothing of it can be used. */
function misplaced(service: Service, { code, message }: PentauthError): ServiceStatus {
  const resources = Object.keys(service.resources)
  const use: Use = { resources, status: 'unusable', error: { code, message }, ways: [], notes: [] }
  return { service: service.id, name: titleOf(service), uses: [use], accounts: [] }
}

/** What is saved for it, as it may be shown. */
async function shownFor(here: Service, host: Host): Promise<SavedSignIns> {
  if (storeName(host) === undefined) return { sessions: [], current: 'default' }
  const { sessions, current } = await savedFor(here, host)
  return { sessions: sessions.map((one) => ({ ...one, audience: shownAddress(one.audience) })), current }
}

/** What one resource is called with: the environment comes first, as with `createAuth`. */
function useOf(
  { resources, oauth }: Service,
  { resource: name, source, problem, ways, passedOver, notes }: EnvironmentFinding,
  { sessions, current }: SavedSignIns,
  argument: string,
): Use {
  const resource = resources[name] as Resource
  const takesSignIns = resource.accessToken && (oauth?.grants ?? ['authorization_code']).includes('authorization_code')
  const session = sessions.find(
    (one) => takesSignIns && one.account === current && one.audience === shownAddress(audienceOf(resource)),
  )
  const about = { resources: [name], ways: [], notes }
  if (problem) return { ...about, status: 'unusable', error: { code: problem.code, message: problem.message } }
  if (source) {
    const unused = [...passedOver, ...(session ? [`the saved sign-in${as(current)}`] : [])]
    const because = unused.map((one) => `not used, since ${source.source} comes first: ${one}`)
    return { ...about, status: 'ready', source, notes: [...notes, ...because] }
  }
  if (session && isUsable(session)) return { ...about, status: 'ready', session }
  const login = takesSignIns
    ? [`pentauth login ${argument}${current === 'default' ? '' : ` --account ${plain(current)}`}`]
    : []
  const status = session ? 'unusable' : 'missing'
  return { ...about, status, ...(session ? { session } : {}), ways: [...ways, ...login] }
}

/** Resources that are called with the same are said once. */
function grouped(uses: readonly Use[]): readonly Use[] {
  const found = new Map<string, Use>()
  for (const { resources, ...facts } of uses) {
    const key = JSON.stringify(facts)
    found.set(key, { resources: [...(found.get(key)?.resources ?? []), ...resources], ...facts })
  }
  return [...found.values()]
}
