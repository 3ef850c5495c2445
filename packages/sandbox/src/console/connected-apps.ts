import type { SignInService } from '../authorization-server/configuration.ts'
import { type Html, html } from '../authorization-server/html.ts'
import { isDocumentAddress } from '../authorization-server/metadata-documents.ts'
import type { SandboxState } from '../state.ts'
import type { Outcome } from './flash.ts'
import { type Form, moment } from './form.ts'
import { rows, section } from './frame.ts'
import { nothingThere, type Problem } from './problem.ts'

/** The apps that a person has connected, with a way to disconnect each. */
export function connectedApps(state: SandboxState, service: SignInService, account: string, form: Form): Html {
  const { scopes, allows } = state.authorizationServers[service].configuration
  const list = state.apps.list(service, { account }).map((app) => {
    const words = app.scopes.length === 0 ? allows : app.scopes.map((scope) => scopes[scope] ?? scope)
    const address = isDocumentAddress(app.clientId) ? [html`Describes itself at ${app.clientId}`] : []
    return {
      name: app.name,
      lines: [...words.map((word) => html`${word}`), ...address, html`Connected since ${moment(app.connectedAt)}`],
      actions: [
        {
          name: 'Revoke',
          content: html`<p>The app loses its access at once. It can ask you again.</p>
${form('revoke-app', 'Revoke access', { id: app.id, about: `of ${app.name}` })}`,
        },
      ],
    }
  })
  return section('apps', 'Connected apps', rows(list, 'No app is connected to this account.'))
}

/** Disconnects an app of this account, and of no other. */
export function disconnect(
  { apps }: SandboxState,
  service: SignInService,
  account: string,
  id: string,
): Outcome | Problem {
  const app = apps.list(service, { account }).find((candidate) => candidate.id === id)
  if (app === undefined) return nothingThere
  apps.revoke(service, id)
  return { notice: `${app.name} has no access to your account any more.` }
}
