import { type Html, html } from '../authorization-server/html.ts'
import { disclosure, type Form, moment, nameField, nameIn } from '../console/form.ts'
import { rows, section } from '../console/frame.ts'
import { ending, keyRow, made } from '../console/key-list.ts'
import { createConsole } from '../console/operations.ts'
import { nothingThere, unfit } from '../console/problem.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pentographerFacts } from './facts.ts'

/**
 * "Workspace Settings > API Keys" and "> OAuth Clients", both at `/settings`. Owners and admins see what everybody in the
 * organisation made, members their own; for clients that is assumed.
 */
export function createPentographerConsole(state: SandboxState): readonly Operation[] {
  const { keys, clients } = state
  return createConsole(state, {
    facts: pentographerFacts,
    heading: 'Workspace Settings',
    menu: { 'API Keys': '#keys', 'OAuth Clients': '#clients' },
    content: (account, form) => html`${section('keys', 'API Keys', keySection(state, account, form))}
${section('clients', 'OAuth Clients', clientSection(state, account, form))}`,
    actions: {
      'create-key': ({ account, fields }) => {
        const name = nameIn(fields)
        if (name === undefined) return unfit('Give the key a name of 80 characters at most.')
        return made(keys.create('pentographer', { as: account, name }), 'Your API key is ready.')
      },
      'revoke-key': ({ account, id }) => {
        keys.revoke('pentographer', id, { as: account })
        return { notice: 'The key was revoked. It does not work any more.' }
      },
      'create-client': ({ account, fields }) => {
        const name = nameIn(fields)
        if (name === undefined) return unfit('Give the client a name of 80 characters at most.')
        const { clientId, clientSecret } = clients.create('pentographer', { as: account, name })
        const secrets = [
          { label: `Client ID of “${name}”`, value: clientId },
          { label: `Client secret of “${name}”`, value: clientSecret },
        ]
        return { notice: 'Your OAuth client is ready.', secrets }
      },
      'delete-client': ({ account, id }) => {
        // Looked for among these, since `clients.delete` also takes the apps of the authorization servers.
        if (!clients.list('pentographer', { as: account }).some(({ clientId }) => clientId === id)) return nothingThere
        clients.delete(id, { as: account })
        return { notice: 'The client was deleted, and its access tokens do not work any more.' }
      },
    },
  })
}

function keySection({ accounts, keys }: SandboxState, account: string, form: Form): Html {
  const { role } = accounts.get('pentographer', account)
  const list = keys.list('pentographer', { as: account }).map((key) => {
    const by = html`Made by ${accounts.get('pentographer', key.account).name}`
    return keyRow(key, [by], [ending(key, form, 'Revoke', 'Requests with this key get 401 Unauthorized at once.')])
  })
  return html`<p>${
    role === 'member'
      ? 'You see and manage the keys that you made.'
      : 'You see and manage every key of your organisation.'
  }</p>
${rows(list, 'There is no API key.')}
${disclosure('New key', undefined, form('create-key', 'Save', { about: 'new key', fields: nameField('key-name', 'such as editor') }))}`
}

function clientSection({ accounts, clients }: SandboxState, account: string, form: Form): Html {
  const list = clients.list('pentographer', { as: account }).map(({ clientId, name, createdAt, account: maker }) => ({
    name,
    lines: [
      html`<code>${clientId}</code>`,
      html`Made by ${accounts.get('pentographer', maker).name}`,
      html`Created ${moment(createdAt)}`,
    ],
    actions: [
      {
        name: 'Delete',
        content: html`<p>The client gets no more tokens, and those it has stop at once.</p>
${form('delete-client', 'Delete client', { id: clientId, about: name })}`,
      },
    ],
  }))
  return html`${rows(list, 'There is no OAuth client.')}
${disclosure(
  'New client',
  undefined,
  form('create-client', 'Save', { about: 'new client', fields: nameField('client-name', 'such as nightly import') }),
)}`
}
