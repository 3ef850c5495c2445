import { type Html, html } from '../authorization-server/html.ts'
import { connectedApps, disconnect } from '../console/connected-apps.ts'
import { disclosure, type Form, moment, nameField, nameIn } from '../console/form.ts'
import { type Row, rows, section } from '../console/frame.ts'
import { ending, keyRow, made } from '../console/key-list.ts'
import { createConsole } from '../console/operations.ts'
import { unfit } from '../console/problem.ts'
import type { KeyInfo } from '../keys.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pensyveFacts } from './facts.ts'

const scopes: Readonly<Record<string, { readonly title: string; readonly words: string }>> = {
  mcp: { title: 'Full access', words: 'Every operation' },
  'mcp:read': { title: 'Read only', words: 'Recall, inspect, status and account' },
  'mcp:write': { title: 'Write only', words: 'Remember, forget, observe, and episodes' },
}

/** "Dashboard > API Keys": a scope for each key, Rotate with 24 hours of grace, and revocation at once. */
export function createPensyveConsole(state: SandboxState): readonly Operation[] {
  const { keys } = state
  return createConsole(
    state,
    {
      facts: pensyveFacts,
      heading: 'Dashboard',
      menu: { 'API Keys': '#keys', 'Connected apps': '#apps' },
      content: (account, form) =>
        html`${section(
          'keys',
          'API Keys',
          html`${rows(
            keys.list('pensyve', { as: account }).map((key) => rowOf(key, form)),
            'You have no API key.',
          )}
${disclosure('Create Key', undefined, form('create-key', 'Create API key', { fields: creation() }))}`,
        )}${connectedApps(state, 'pensyve', account, form)}`,
      actions: {
        'create-key': ({ account, fields }) => {
          const name = nameIn(fields)
          if (name === undefined) return unfit('Give the key a name of 80 characters at most.')
          const key = keys.create('pensyve', { as: account, name, scope: fields.get('scope') ?? undefined })
          return made(key, `Your API key is ready. Its scope is ${scopeInWords(key)}.`)
        },
        'rotate-key': ({ account, id }) => {
          const key = keys.rotate('pensyve', id, { as: account })
          return made(key, `The new key has the same scope, ${scopeInWords(key)}. The old one works for 24 hours more.`)
        },
        'revoke-key': ({ account, id }) => {
          keys.revoke('pensyve', id, { as: account })
          return { notice: 'The key was revoked. It does not work any more.' }
        },
        'revoke-app': ({ account, id }) => disconnect(state, 'pensyve', account, id),
      },
    },
    state.authorizationServers.pensyve.entrance,
  )
}

function rowOf(key: KeyInfo, form: Form): Row {
  const revoke = ending(key, form, 'Revoke', 'Programs that use this key are refused at once.')
  const scope = html`${scopeInWords(key)}`
  if (key.endsAt !== undefined) {
    return keyRow(key, [scope, html`Rotated: works until ${moment(key.endsAt)}`], [revoke])
  }
  const rotate = {
    name: 'Rotate',
    content: html`<p>You get a new key of the same scope. This one works for 24 hours more, so that you can replace it everywhere.</p>
${form('rotate-key', 'Rotate key', { id: key.id, about: key.name })}`,
  }
  return keyRow(key, [scope], [rotate, revoke])
}

function creation(): Html {
  return html`${nameField('key-name', 'such as staging')}
<fieldset><legend>Scope: the narrowest that is enough</legend>
${Object.entries(scopes).map(
  ([scope, { title, words }]) => html`<label class="choice"><input type="radio" name="scope" value="${scope}" required${
    scope === pensyveFacts.defaultScope ? { markup: ' checked' } : undefined
  }><span>${title} (${scope})<small>${words}</small></span></label>
`,
)}</fieldset>`
}

function scopeInWords({ scope = '' }: KeyInfo): string {
  return `${scopes[scope]?.title ?? scope} (${scope})`
}
