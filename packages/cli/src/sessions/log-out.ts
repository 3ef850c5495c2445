import { PentauthError, type Service } from '@pentauth/core'
import { listSessions, type PentauthEvent, signOut } from '@pentauth/node'
import type { Host } from '../host.ts'
import type { ServiceOptions } from '../service-options.ts'
import { as, asJson, plain, shownAddress, titleOf } from '../words.ts'
import { debugging } from './debugging.ts'
import { movedService } from './moved-service.ts'
import { audiencesOf, savedFor } from './saved.ts'
import { serviceOf } from './saved-service.ts'

export interface LogoutOptions extends ServiceOptions {
  readonly all?: boolean
  readonly json?: boolean
}

/** One account of one service. */
interface Leaving {
  readonly service: Service
  readonly account: string
}

interface Left {
  readonly service: string
  readonly account: string
  /** `none` where the authorization server offers none, or no token was there. */
  readonly revocation: 'done' | 'failed' | 'none'
}

/**
 * Signs accounts out, and says of each what was revoked.
 *
 * @throws PentauthError `invalid_option` where nobody is named, `store_failed` where a session could not be deleted.
 */
export async function logOut(name: string | undefined, options: LogoutOptions, host: Host): Promise<void> {
  const { leaving, nobody } = await whoLeaves(name, options, host)
  const signedOut: Left[] = []
  if (leaving.length === 0) host.stderr.write(`${nobody}\n`)
  for (const one of leaving) signedOut.push(await leave(one, host))
  if (options.json) host.stdout.write(asJson({ signedOut }))
}

/** Who is meant, and what to say where that is nobody. */
async function whoLeaves(
  name: string | undefined,
  { all, ...options }: LogoutOptions,
  host: Host,
): Promise<{ readonly leaving: readonly Leaving[]; readonly nobody: string }> {
  if (name === undefined && !all) throw await nobodyNamed(host)
  if (name === undefined) return { leaving: await everybody(options.account, host), nobody: 'Nobody is signed in.' }
  const service = await movedService(name, options, host)
  const { sessions, current } = await savedFor(service, host)
  const accounts = [...new Set(sessions.map(({ account }) => account))]
  const account = options.account ?? (all ? undefined : current)
  const meant = accounts.filter((one) => account === undefined || one === account)
  const title = titleOf(service)
  return {
    leaving: meant.map((one) => ({ service, account: one })),
    nobody:
      accounts.length === 0
        ? `Nobody is signed in to ${title}${as(account ?? 'default')}.`
        : `Nobody is signed in to ${title} as ${plain(account ?? current)}, but as ${accounts.map(plain).join(', ')}: say --account.`,
  }
}

/** Every saved sign-in; an account of one service is signed out of all of its resources at once. */
async function everybody(wanted: string | undefined, { env }: Host): Promise<readonly Leaving[]> {
  const found = new Map<string, Leaving>()
  for (const { audience, account } of await listSessions({ env })) {
    if (wanted !== undefined && account !== wanted) continue
    const service = await serviceOf(audience, env)
    if (!service) throw unknownService(audience)
    found.set(JSON.stringify([...audiencesOf(service), account]), { service, account })
  }
  return [...found.values()]
}

async function leave({ service, account }: Leaving, { env, stderr }: Host): Promise<Left> {
  const events: PentauthEvent[] = []
  await signOut(service, { env, account, onEvent: debugging(env, (event) => void events.push(event)) })
  // Events come behind a turn.
  await new Promise((resolve) => setImmediate(resolve))
  const ends = events.flatMap((event) => (event.type === 'signed_out' ? event.revocation : []))
  const revocation = ends.find((end) => end === 'failed') ?? ends.find((end) => end === 'done') ?? 'none'
  stderr.write(
    `Signed out of ${titleOf(service)}${as(account)}: the saved sign-in is deleted; ${consequences[revocation]}\n`,
  )
  if (revocation === 'failed' && service.links.connectedApps)
    stderr.write(`Disconnect the app yourself: ${plain(service.links.connectedApps.where)}.\n`)
  return { service: service.id, account, revocation }
}

const consequences = {
  done: 'its tokens are revoked.',
  failed: 'its tokens could NOT be revoked, and end by themselves.',
  none: 'nothing was revoked, since the service has no endpoint for that or no token was left.',
}

function unknownService(audience: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `Nothing is known of the service that the tokens for ${shownAddress(audience)} are of.`,
    hint: 'Name its definition: pentauth logout service.json.',
  })
}

async function nobodyNamed({ env }: Host): Promise<PentauthError> {
  const audiences = (await listSessions({ env })).map(({ audience }) => audience)
  const saved = await Promise.all(audiences.map(async (one) => (await serviceOf(one, env))?.id ?? shownAddress(one)))
  const names = [
    ...new Set(saved.map((id, index) => (id.startsWith('mcp-') ? shownAddress(audiences[index] ?? '') : id))),
  ]
  return new PentauthError({
    code: 'invalid_option',
    message: 'No service is named.',
    hint:
      names.length === 0
        ? 'Nobody is signed in, anyway: pentauth status shows who is.'
        : `Name it: pentauth logout ${names.join(', or ')}; or say --all for every saved sign-in.`,
  })
}
