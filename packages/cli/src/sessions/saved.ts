import { PentauthError, type Resource, type Service } from '@pentauth/core'
import { createAuth, type Environment, fileStore, listAccounts, listSessions, type SavedSession } from '@pentauth/node'
import type { Host } from '../host.ts'

/** The sign-ins of a service: one for each account and audience. */
export interface SavedSignIns {
  readonly sessions: readonly SavedSession[]
  /** The account that is used where none is named. */
  readonly current: string
}

/**
 * What is saved for a service, where it is now.
 *
 * @throws PentauthError `store_failed`.
 */
export async function savedFor(service: Service, { env }: Pick<Host, 'env'>): Promise<SavedSignIns> {
  const audiences = audiencesOf(service)
  const sessions = (await listSessions({ env })).filter(({ audience }) => audiences.has(audience))
  const accounts = await listAccounts(service, { env })
  return { sessions, current: accounts.find(({ isCurrent }) => isCurrent)?.account ?? 'default' }
}

/** The service where the environment has it, or why it cannot be there. */
export function located(service: Service, env: Environment): Service | PentauthError {
  try {
    return createAuth(service, { env }).service
  } catch (error) {
    if (PentauthError.isInstance(error)) return error
    throw error
  }
}

/** What the tokens of a service are for. */
export function audiencesOf({ resources }: Service): ReadonlySet<string> {
  const taking = Object.values<Resource>(resources).filter(({ accessToken }) => accessToken)
  return new Set(taking.map(audienceOf))
}

export function audienceOf({ audience, url }: Resource): string {
  return audience ?? url
}

/** Whether it still serves: its token is good, or another can be had without the person. */
export function isUsable({ status, expiresAt, isRenewable }: SavedSession): boolean {
  return status === 'signed_in' && (isRenewable || expiresAt === undefined || expiresAt > Date.now())
}

/** The name of the store, for people; absent where there can be none, such as without a home folder. */
export function storeName({ env }: Pick<Host, 'env'>): string | undefined {
  try {
    return fileStore({ env }).name
  } catch (error) {
    if (PentauthError.isInstance(error)) return undefined
    throw error
  }
}
