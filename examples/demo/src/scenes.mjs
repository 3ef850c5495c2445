// What the demo shows: each service, resource and credential, with calls and the outcome that is documented for each.

/**
 * @typedef {import('@pentauth/sandbox').Sandbox} Sandbox
 * @typedef {{ status: number, code?: string }} Expected
 *
 * @typedef {object} Call
 * @property {string} operation as it stands in the table: method and path
 * @property {string} [path] below the resource's URL; the operation's path unless given
 * @property {unknown} [json] sent as the body
 * @property {string} [before] what happens before the call, for the reader
 * @property {() => void} [prepare] makes it happen
 * @property {Expected} expected
 * @property {(body: any) => string} [summary] of a JSON answer; streams are counted instead
 *
 * @typedef {object} Scene
 * @property {import('@pentauth/sandbox').ServiceName} service
 * @property {string} resource
 * @property {'api-key' | 'client-credentials'} credential
 * @property {Record<string, string>} env what the process finds in its environment
 * @property {readonly Call[]} calls
 */

const day = 24 * 60 * 60 * 1000

/**
 * @param {Sandbox} sandbox
 * @returns {Scene[]}
 */
export function scenes(sandbox) {
  const { keys, clients, clock } = sandbox
  const pensyve = keys.create('pensyve')
  const reader = keys.create('pensyve', { scope: 'mcp:read' })
  const pentographer = keys.create('pentographer')
  const client = clients.create('pentographer')
  const pendra = keys.create('pendra')
  const chat = { model: 'qwen3.6:27b', messages: [{ role: 'user', content: 'Hello' }] }
  const me = { query: '{ me { name email } }' }
  const projects = { query: '{ projects { name status findings { title risk } } }' }
  const pendraEnv = { PENDRA_API_KEY: pendra.key }

  return [
    {
      service: 'pendium',
      resource: 'rest',
      credential: 'api-key',
      env: { PENDIUM_API_KEY: keys.create('pendium').key },
      calls: [
        {
          operation: 'GET /account',
          expected: { status: 200 },
          summary: ({ plan, agents }) => `plan ${plan}, ${agents.length} agent`,
        },
        {
          operation: 'GET /report',
          path: '/report?syntheticId=contoso-tea',
          before: "asking for somebody else's agent",
          expected: { status: 401, code: 'agent_not_accessible' },
        },
      ],
    },
    {
      service: 'pensyve',
      resource: 'rest',
      credential: 'api-key',
      env: { PENSYVE_API_KEY: pensyve.key },
      calls: [
        {
          operation: 'POST /remember',
          json: { entity: 'ada', fact: 'prefers tea', confidence: 0.9 },
          expected: { status: 200 },
          summary: ({ memory_type, content }) => `${memory_type} memory: ${content}`,
        },
        {
          operation: 'POST /recall',
          json: { query: 'tea' },
          expected: { status: 200 },
          summary: ({ memories }) => `${memories.length} memory recalled`,
        },
        {
          operation: 'POST /recall',
          json: { query: 'tea' },
          before: 'rotated in the dashboard 23 h 59 min ago: the old key still works',
          prepare() {
            keys.rotate('pensyve', pensyve.id)
            clock.advance(day - 60_000)
          },
          expected: { status: 200 },
          summary: ({ memories }) => `${memories.length} memory recalled`,
        },
        {
          operation: 'POST /recall',
          json: { query: 'tea' },
          before: 'one more minute: the 24 hours of grace are over',
          prepare: () => clock.advance(60_000),
          expected: { status: 403, code: 'credential_refused' },
        },
      ],
    },
    {
      service: 'pensyve',
      resource: 'rest',
      credential: 'api-key',
      env: { PENSYVE_API_KEY: reader.key },
      calls: [
        {
          operation: 'POST /remember',
          json: { entity: 'ada', fact: 'prefers tea', confidence: 0.9 },
          before: 'a key of scope mcp:read tries to write',
          expected: { status: 403, code: 'insufficient_scope' },
        },
      ],
    },
    {
      service: 'profundis',
      resource: 'rest',
      credential: 'api-key',
      env: { PROFUNDIS_API_KEY: keys.create('profundis').key },
      calls: [
        { operation: 'POST /subdomains', json: { domain: 'example.com' }, expected: { status: 200 } },
        {
          operation: 'POST /subdomains',
          json: { domain: 'example.com' },
          before: 'renewed in the account profile, which ends the old key at once',
          prepare: () => void keys.renew('profundis'),
          expected: { status: 401, code: 'credential_refused' },
        },
      ],
    },
    {
      service: 'pentographer',
      resource: 'graphql',
      credential: 'api-key',
      env: { PENTOGRAPHER_API_KEY: pentographer.key },
      calls: [
        {
          operation: 'POST me',
          path: '',
          json: me,
          expected: { status: 200 },
          summary: ({ data }) => `me: ${data.me.name}`,
        },
      ],
    },
    {
      service: 'pentographer',
      resource: 'api',
      credential: 'api-key',
      env: { PENTOGRAPHER_API_KEY: pentographer.key },
      calls: [
        {
          operation: 'GET /oauth/discovery',
          expected: { status: 200 },
          summary: ({ issuer }) => `issuer ${new URL(issuer).host}`,
        },
        {
          operation: 'POST /graphql me',
          path: '/graphql',
          json: me,
          before: 'revoked in the workspace settings',
          prepare: () => keys.revoke('pentographer', pentographer.id),
          expected: { status: 401, code: 'credential_refused' },
        },
      ],
    },
    {
      service: 'pentographer',
      resource: 'graphql',
      credential: 'client-credentials',
      env: { PENTOGRAPHER_CLIENT_ID: client.clientId, PENTOGRAPHER_CLIENT_SECRET: client.clientSecret },
      calls: [
        {
          operation: 'POST projects',
          path: '',
          json: projects,
          expected: { status: 200 },
          summary: ({ data }) => `project ${data.projects[0].name}`,
        },
        {
          operation: 'POST projects',
          path: '',
          json: projects,
          before: 'two hours later: the hour-long token has been renewed without a word',
          prepare: () => clock.advance(day / 12),
          expected: { status: 200 },
          summary: ({ data }) => `project ${data.projects[0].name}`,
        },
        {
          operation: 'POST projects',
          path: '',
          json: projects,
          before: 'the client is deleted, and its tokens with it',
          prepare: () => clients.delete(client.clientId),
          expected: { status: 401, code: 'credential_refused' },
        },
      ],
    },
    {
      service: 'pendra',
      resource: 'rest',
      credential: 'api-key',
      env: pendraEnv,
      calls: [
        {
          operation: 'GET /models',
          expected: { status: 200 },
          summary: ({ data }) => `${data.length} models`,
        },
        {
          operation: 'POST /chat/completions',
          json: chat,
          expected: { status: 200 },
          summary: ({ choices }) => `${choices[0].message.role}: ${choices[0].message.content}`,
        },
        {
          operation: 'POST /chat/completions (stream)',
          path: '/chat/completions',
          json: { ...chat, stream: true },
          expected: { status: 200 },
        },
        {
          operation: 'GET /billing',
          before: 'billing is for people in the console',
          expected: { status: 403, code: 'console_only' },
        },
      ],
    },
    {
      service: 'pendra',
      resource: 'messages',
      credential: 'api-key',
      env: pendraEnv,
      calls: [
        {
          operation: 'POST /v1/messages',
          path: '',
          json: { ...chat, max_tokens: 64 },
          expected: { status: 200 },
          summary: ({ role, content }) => `${role}: ${content[0].text}`,
        },
      ],
    },
    {
      service: 'pendra',
      resource: 'responses',
      credential: 'api-key',
      env: pendraEnv,
      calls: [
        {
          operation: 'POST /v1/responses',
          path: '',
          json: { model: chat.model, input: 'Hello' },
          expected: { status: 200 },
          summary: ({ status }) => `response ${status}`,
        },
      ],
    },
    {
      service: 'pendra',
      resource: 'v1',
      credential: 'api-key',
      env: pendraEnv,
      calls: [
        {
          operation: 'POST /completions',
          json: { model: chat.model, prompt: 'Hello' },
          expected: { status: 200 },
          summary: ({ choices }) => choices[0].text,
        },
        {
          operation: 'POST /completions',
          json: { model: chat.model, prompt: 'Hello' },
          before: 'deleted in the console; its usage logs stay',
          prepare: () => keys.revoke('pendra', pendra.id),
          expected: { status: 401, code: 'credential_refused' },
        },
      ],
    },
  ]
}
