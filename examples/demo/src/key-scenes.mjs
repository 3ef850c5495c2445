// Calls with the API keys and the OAuth client that a process finds in its environment.

const day = 24 * 60 * 60 * 1000

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @returns {import('./scenes.mjs').Scene[]}
 */
export function keyScenes(sandbox) {
  const { keys, clients, clock } = sandbox
  const pensyve = keys.create('pensyve')
  const reader = keys.create('pensyve', { scope: 'mcp:read' })
  const pentographer = keys.create('pentographer')
  const client = clients.create('pentographer')
  const me = { query: '{ me { name email } }' }
  const projects = { query: '{ projects { name status findings { title risk } } }' }

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
  ]
}
