import { type Html, html } from '../authorization-server/html.ts'
import { connectedApps, disconnect } from '../console/connected-apps.ts'
import { disclosure, type Form } from '../console/form.ts'
import { rows, section } from '../console/frame.ts'
import { keyRow, made } from '../console/key-list.ts'
import { createConsole } from '../console/operations.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { isEntitled, type ProfundisAccount } from './accounts.ts'
import { creditsOf } from './credits.ts'
import { profundisFacts } from './facts.ts'

/** The account profile: one key, renewed in place, and the connected apps. */
export function createProfundisConsole(state: SandboxState): readonly Operation[] {
  const { accounts, keys } = state
  return createConsole(
    state,
    {
      facts: profundisFacts,
      heading: 'Account profile',
      menu: { Plan: '#plan', 'API key': '#key', 'Connected apps': '#apps' },
      content(account, form) {
        const holder = accounts.get('profundis', account)
        return html`${section('plan', 'Plan', plan(holder))}
${section('key', 'API key', keySection(state, holder, form))}
${connectedApps(state, 'profundis', account, form)}`
      },
      actions: {
        // Not a renewal: a form from before the key was made must not end that key.
        'create-key': ({ account }) =>
          made(keys.create('profundis', { as: account, name: 'API key' }), 'Your API key is ready.'),
        'renew-key': ({ account }) =>
          made(keys.renew('profundis', { account }), 'Your key was renewed. The previous one does not work any more.'),
        'revoke-app': ({ account, id }) => disconnect(state, 'profundis', account, id),
      },
    },
    state.authorizationServers.profundis.entrance,
  )
}

function plan(holder: ProfundisAccount): Html {
  const name = holder.plan.slice(0, 1).toUpperCase() + holder.plan.slice(1)
  return html`<dl><dt>Plan</dt><dd>${name}</dd><dt>Credits left</dt><dd>${creditsOf(holder)}</dd></dl>`
}

function keySection({ keys }: SandboxState, holder: ProfundisAccount, form: Form): Html {
  const own = keys.list('profundis', { as: holder.id })
  const refusal = isEntitled(holder)
    ? undefined
    : html`<p class="notice" role="alert">This account cannot create or use an API key: it needs a paid plan (Professional or Enterprise) or purchased credits.</p>`
  const renewal = {
    name: 'Renew',
    content: html`<p>You get a new key, and this one stops at once.</p>
${form('renew-key', 'Renew key')}`,
  }
  const list = own.map((key) => keyRow(key, [], refusal === undefined ? [renewal] : []))
  return html`${refusal}
<p>Whoever has the key can spend your credits. There is one for each account.</p>
${rows(list, 'You have no API key.')}
${own.length > 0 || refusal !== undefined ? undefined : disclosure('Create key', undefined, form('create-key', 'Create API key'))}`
}
