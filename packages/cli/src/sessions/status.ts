import { services } from '@pentauth/core/services'
import { createAuth, listSessions } from '@pentauth/node'
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'
import { asJson } from '../words.ts'
import { storeName } from './saved.ts'
import { serviceOf } from './saved-service.ts'
import { type Meant, type ServiceStatus, statusOf, type Use } from './service-status.ts'

export interface StatusOptions extends ServiceOptions {
  readonly check?: boolean
  /** Not `--env-file`, which Node takes for its own wherever it stands. */
  readonly dotenv?: boolean | string
  readonly json?: boolean
}

/**
 * Shows for each service, or for one, which credential is used where and why.
 *
 * @throws PentauthError `invalid_option` for settings that cannot be used, `store_failed`.
 */
export async function showStatus(name: string | undefined, options: StatusOptions, host: Host): Promise<ExitCode> {
  const meant = await servicesMeant(name, options, host)
  const found = await Promise.all(meant.map((one) => statusOf(one, options, host)))
  const checked = options.check ? await withChecks(found, meant, options, host) : found
  const store = storeName(host)
  if (options.json) host.stdout.write(asJson({ store, services: checked }))
  else (await import('./status-text.ts')).writeStatus(checked, store, host)
  return name === undefined ? exitCodes.done : exitCodeFor(checked.flatMap(({ uses }) => uses))
}

/** The one that is named; else ours, and every other that has a saved sign-in. */
async function servicesMeant(name: string | undefined, options: StatusOptions, host: Host): Promise<readonly Meant[]> {
  if (name !== undefined) return [{ service: await serviceFor(name, options, host), argument: name }]
  const ours = services.map((service) => ({ service, argument: service.id }))
  const saved = storeName(host) === undefined ? [] : await listSessions({ env: host.env })
  const others: Meant[] = []
  for (const audience of new Set(saved.map((one) => one.audience))) {
    const service = await serviceOf(audience, host.env)
    if (service && !ours.some(({ argument }) => argument === service.id)) others.push({ service, argument: audience })
  }
  return [...ours, ...others]
}

/** The same with what each service says to what it is called with. */
async function withChecks(
  found: readonly ServiceStatus[],
  meant: readonly Meant[],
  { dotenv, account }: StatusOptions,
  { env, stderr }: Host,
): Promise<readonly ServiceStatus[]> {
  const { check } = await import('./check.ts')
  if (stderr.isTTY) stderr.write('Asking the services…\n')
  const checked = found.map(async (status, index) => {
    const { service } = meant[index] as Meant
    const auth = status.uses.some(isReady) ? createAuth(service, { env, envFile: dotenv, account }) : undefined
    const uses = status.uses.map(async (use) =>
      auth && isReady(use) ? { ...use, check: await check(auth, use.resources) } : use,
    )
    return { ...status, uses: await Promise.all(uses) }
  })
  return Promise.all(checked)
}

function exitCodeFor(uses: readonly Use[]): ExitCode {
  const refused = uses.find(({ check }) => check?.error)?.check?.error
  if (refused) return exitCodeOf(refused.code)
  return uses.some(isReady) ? exitCodes.done : exitCodes.signInRequired
}

const isReady = ({ status }: Use): boolean => status === 'ready'
