import { html } from '../authorization-server/html.ts'
import { connectedApps, disconnect } from '../console/connected-apps.ts'
import { disclosure, nameField, nameIn } from '../console/form.ts'
import { rows, section } from '../console/frame.ts'
import { ending, keyRow, made } from '../console/key-list.ts'
import { createConsole } from '../console/operations.ts'
import { unfit } from '../console/problem.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pendiumFacts } from './facts.ts'

/**
 * "Click your avatar in the sidebar, then API Keys." That there may be several keys, and that a deleted one stops at once,
 * is assumed; so is that connected apps are listed beside them.
 */
export function createPendiumConsole(state: SandboxState): readonly Operation[] {
  const { keys } = state
  return createConsole(
    state,
    {
      facts: pendiumFacts,
      heading: 'API Keys',
      menu: { 'API Keys': '#keys', 'Connected apps': '#apps', 'MCP server': '/mcp' },
      content: (account, form) =>
        html`${section(
          'keys',
          'Your API keys',
          html`<p>A key is for the REST API and reaches every brand agent of your account. MCP clients sign you in instead.</p>
${rows(
  keys
    .list('pendium', { as: account })
    .map((key) => keyRow(key, [], [ending(key, form, 'Delete', 'Programs that use this key are refused at once.')])),
  'You have no API key.',
)}
${disclosure(
  'Create key',
  undefined,
  form('create-key', 'Create API key', { fields: nameField('key-name', 'such as nightly import') }),
)}`,
        )}${connectedApps(state, 'pendium', account, form)}`,
      actions: {
        'create-key': ({ account, fields }) => {
          const name = nameIn(fields)
          if (name === undefined) return unfit('Give the key a name of 80 characters at most.')
          return made(keys.create('pendium', { as: account, name }), 'Your API key is ready.')
        },
        'delete-key': ({ account, id }) => {
          keys.revoke('pendium', id, { as: account })
          return { notice: 'The key was deleted. It does not work any more.' }
        },
        'revoke-app': ({ account, id }) => disconnect(state, 'pendium', account, id),
      },
    },
    state.authorizationServers.pendium.entrance,
  )
}
