// The MCP servers that take a key or an OAuth client, called by the official MCP client.

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @returns {import('./scenes.mjs').Scene[]}
 */
export function mcpScenes({ keys, clients }) {
  const client = clients.create('pentographer')
  /** @type {import('./scenes.mjs').Call} */
  const projects = {
    operation: 'tools/call list_projects',
    tool: { name: 'list_projects' },
    expected: { status: 200 },
    summary: (text) => text,
    holds: ({ answer }) => String(answer).includes('Acme web application'),
  }

  return [
    {
      service: 'pensyve',
      resource: 'mcp',
      credential: 'api-key',
      env: { PENSYVE_API_KEY: keys.create('pensyve', { scope: 'mcp:read' }).key },
      calls: [
        {
          operation: 'tools/call pensyve_status',
          tool: { name: 'pensyve_status' },
          expected: { status: 200 },
          summary: ({ health, namespace }) => `${namespace}, health ${health}`,
          holds: ({ answer }) => answer.health === 'ok',
        },
        {
          operation: 'tools/call pensyve_forget',
          tool: { name: 'pensyve_forget', arguments: { entity: 'ada' } },
          before: 'the key has the scope mcp:read, and this tool writes',
          expected: { status: 403, code: 'insufficient_scope' },
        },
      ],
    },
    {
      service: 'profundis',
      resource: 'mcp',
      credential: 'api-key',
      // One key an account: the demo's first one was renewed away.
      env: { PROFUNDIS_API_KEY: keys.renew('profundis').key },
      calls: [
        {
          operation: 'tools/call search_subdomains',
          tool: { name: 'search_subdomains', arguments: { domain: 'example.com' } },
          expected: { status: 200 },
          summary: ({ domain, count }) => `${count} subdomains of ${domain}`,
          holds: ({ answer }) => answer.count > 0,
        },
      ],
    },
    {
      service: 'pentographer',
      resource: 'mcp',
      credential: 'api-key',
      env: { PENTOGRAPHER_API_KEY: keys.create('pentographer').key },
      calls: [projects],
    },
    {
      service: 'pentographer',
      resource: 'mcp',
      credential: 'client-credentials',
      env: { PENTOGRAPHER_CLIENT_ID: client.clientId, PENTOGRAPHER_CLIENT_SECRET: client.clientSecret },
      calls: [
        projects,
        {
          ...projects,
          before: 'the client is deleted, and its tokens with it',
          prepare: () => clients.delete(client.clientId),
          expected: { status: 401, code: 'credential_refused' },
          holds: () => true,
        },
      ],
    },
  ]
}
