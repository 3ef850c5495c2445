import { PentauthError, type Service } from '@pentauth/core'
import { createAuth, type SavedSession, signIn } from '@pentauth/node'
import type { Host } from '../host.ts'
import { resourceUrl } from '../resource-choice.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'
import { as, asJson, lifeOf, titleOf } from '../words.ts'
import { inEnvironment } from './in-environment.ts'
import { audienceOf, isUsable, savedFor, storeName } from './saved.ts'

export interface LoginOptions extends ServiceOptions {
  readonly again?: boolean
  readonly scope?: string
  readonly resource?: string
  readonly port?: number
  readonly redirectUri?: string
  /** `false` where somebody wants none. */
  readonly browser: boolean
  /** Seconds. */
  readonly timeout?: number
  readonly json?: boolean
}

/**
 * Signs a person in, unless they are, and says until when.
 *
 * @throws PentauthError those of `signIn`; `invalid_option` where no service is named and nobody can be asked.
 */
export async function logIn(name: string | undefined, options: LoginOptions, host: Host): Promise<void> {
  const { env, stderr } = host
  const service = await serviceFor(name ?? (await askedFor(host)), options, host)
  const here = createAuth(service, { env }).service
  // One that is not there is said to be none.
  if (options.resource !== undefined) resourceUrl(here, options.resource, 'mcp')
  const account = options.account ?? (await savedFor(here, host)).current
  const known = options.again ? undefined : await savedHere(here, account, options, host)
  const isEnough = known !== undefined && isUsable(known) && hasScopes(known, options.scope)
  if (!isEnough) await signIn(service, { ...wishesOf(options), account, env, unattended: isJob(env) })
  const session = isEnough ? known : await savedHere(here, account, options, host)
  if (!session) throw notKept(here)
  const whose = `${titleOf(here)}${as(account)}`
  if (isEnough) stderr.write(`Already signed in to ${whose}: ${lifeOf(session)}. (--again signs in anew)\n`)
  else stderr.write(`${sentence(lifeOf(session))}\n`)
  for (const line of await overrides(service, here, host)) stderr.write(`${line}\n`)
  if (!options.json) return
  const { status, scopes, expiresAt } = session
  host.stdout.write(asJson({ service: here.id, account, status, scopes, expiresAt, store: storeName(host) }))
}

async function askedFor(host: Host): Promise<string> {
  const { askForService } = await import('./service-question.ts')
  return askForService(host)
}

/** What of the options is for the sign-in itself; `--no-browser` says no, and nothing says yes. */
function wishesOf({ scope, resource, port, redirectUri, timeout, browser }: LoginOptions) {
  return { scope, resource, port, redirectUri, timeout, ...(browser ? {} : { browser }) }
}

/** Whether a CI system runs it, where nobody reads what is said before the job is over. */
function isJob({ CI }: Host['env']): boolean {
  return CI !== undefined && CI !== '' && CI !== 'false'
}

/** The saved sign-in for the resource that is meant. */
async function savedHere(
  here: Service,
  account: string,
  { resource: wanted }: LoginOptions,
  host: Host,
): Promise<SavedSession | undefined> {
  const all = Object.entries(here.resources)
  const found = all.find(([name, { accessToken }]) => (wanted === undefined ? accessToken : name === wanted))
  const { sessions } = await savedFor(here, host)
  return sessions.find((one) => found && one.audience === audienceOf(found[1]) && one.account === account)
}

function hasScopes({ scopes = [] }: SavedSession, wanted = ''): boolean {
  return wanted
    .split(' ')
    .filter(Boolean)
    .every((scope) => scopes.includes(scope))
}

/** What of the environment comes before the sign-in, so that nobody wonders why it has no effect. */
async function overrides(service: Service, here: Service, { env }: Host): Promise<readonly string[]> {
  const found = await inEnvironment(service, { env })
  const names = found.flatMap(({ resource, source }) =>
    source && here.resources[resource]?.accessToken ? source.source : [],
  )
  return [...new Set(names)].map((name) => `${name} is set and comes first: unset it to use this sign-in.`)
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function notKept({ id, name }: Service): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message: `The ${name} sign-in could not be kept, so it has ended with this command.`,
    service: id,
    hint: 'Check the folder that `pentauth status` names (permissions, disk space), or set PENTAUTH_HOME to another.',
  })
}
