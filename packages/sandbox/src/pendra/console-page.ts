import { type Html, html } from '../authorization-server/html.ts'
import { disclosure, moment, nameField, nameIn } from '../console/form.ts'
import { rows, section } from '../console/frame.ts'
import { ending, keyRow, made } from '../console/key-list.ts'
import { createConsole } from '../console/operations.ts'
import { unfit } from '../console/problem.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pendraFacts } from './facts.ts'

const mostCalls = 20

/** The console's API Keys, and the usage that stays when a key is deleted. */
export function createPendraConsole(state: SandboxState): readonly Operation[] {
  const { accounts, keys } = state
  return createConsole(state, {
    facts: pendraFacts,
    heading: 'API Keys',
    menu: { 'API Keys': '#keys', Usage: '#usage' },
    content: (account, form) =>
      html`${section(
        'keys',
        'Keys of your organisation',
        html`<p>To rotate, create a key, deploy it, and then delete the old one.</p>
${rows(
  keys.list('pendra', { as: account }).map((key) => {
    const by = html`Made by ${accounts.get('pendra', key.account).name}`
    const end = ending(
      key,
      form,
      'Delete',
      'Programs that use this key are refused at once. Its usage stays listed here.',
    )
    return keyRow(key, [by], [end])
  }),
  'There is no API key.',
)}
${disclosure(
  'Create key',
  undefined,
  form('create-key', 'Create API key', { fields: nameField('key-name', 'such as production server') }),
)}`,
      )}${section('usage', 'Usage', usage(state, account))}`,
    actions: {
      'create-key': ({ account, fields }) => {
        const name = nameIn(fields)
        if (name === undefined) return unfit('Give the key a name of 80 characters at most.')
        return made(keys.create('pendra', { as: account, name }), 'Your API key is ready.')
      },
      'delete-key': ({ account, id }) => {
        keys.revoke('pendra', id, { as: account })
        return { notice: 'The key was deleted. It does not work any more; its usage stays.' }
      },
    },
  })
}

/** The latest calls of an organisation, whether their key still exists or not. */
function usage({ accounts, keys, usage: log }: SandboxState, account: string): Html {
  const { organisation } = accounts.get('pendra', account)
  const records = log.read('pendra').filter((record) => record.organisation === organisation)
  if (records.length === 0) return html`<p>No call was made yet.</p>`
  const working = new Set(keys.list('pendra', { as: account }).map(({ id }) => id))
  const lines = records
    .slice(-mostCalls)
    .reverse()
    .map(
      ({ at, keyId, keyName, operation, model, inputTokens, outputTokens }) => html`<tr><td>${moment(at)}</td>
<td>${keyName}${working.has(keyId) ? undefined : ' (deleted)'}</td><td>${operation}</td><td>${model}</td>
<td>${inputTokens} / ${outputTokens}</td></tr>
`,
    )
  return html`<p>${records.length} ${records.length === 1 ? 'call' : 'calls'}, the latest first, ${mostCalls} at most.</p>
<div class="scrolls" role="region" aria-labelledby="usage" tabindex="0"><table>
<thead><tr><th scope="col">When</th><th scope="col">Key</th><th scope="col">Operation</th><th scope="col">Model</th><th scope="col">Tokens in / out</th></tr></thead>
<tbody>${lines}</tbody></table></div>`
}
