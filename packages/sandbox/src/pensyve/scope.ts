import { pensyveFacts } from './facts.ts'

const { scopes } = pensyveFacts

/** Whether a credential with these scopes may call an operation of the page's table. */
export function allows(granted: readonly string[], operation: string): boolean {
  return granted.some((scope) => scopes[scope]?.includes(operation) ?? false)
}

/** The narrowest scope that is enough for an operation, so that a client can ask for no more than that. */
export function neededScope(operation: string): string {
  return Object.keys(scopes).find((scope) => scope !== 'mcp' && scopes[scope]?.includes(operation)) ?? 'mcp'
}
