import type { ErrorFacts, ServiceFacts } from '../facts.ts'

type PentographerError = 'unauthorized' | 'unsupportedGrantType' | 'missingClientCredentials' | 'invalidClient'

const missingClient = 'client_id and client_secret are required'

const tokenError = (status: number, error: string, description?: string): ErrorFacts => ({
  status,
  text: description ?? error,
  body: description === undefined ? { error } : { error, error_description: description },
  source: 'found',
})

/**
 * Pentographer, from its authentication page; the GraphQL path is from its GraphQL reference, formats and error bodies
 * are from its public source, which matches the page in every prefix, path and lifetime.
 */
export const pentographerFacts: ServiceFacts<PentographerError> = {
  name: 'pentographer',
  title: 'Pentographer',
  origins: ['https://app.pentographer.com'],
  resources: [
    {
      name: 'graphql',
      kind: 'graphql',
      url: 'https://app.pentographer.com/api/graphql',
      source: 'found',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      emulated: true,
    },
    {
      name: 'mcp',
      kind: 'mcp',
      url: 'https://app.pentographer.com/api/mcp',
      source: 'found',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      tools: {
        list_projects: 'found',
        get_project: 'found',
        list_customers: 'found',
        list_findings: 'found',
        get_finding: 'found',
        create_finding: 'found',
        update_finding_status: 'found',
        update_finding: 'found',
        add_evidence_note: 'found',
        upload_evidence: 'found',
        list_playbooks: 'found',
        get_playbook: 'found',
      },
      emulated: true,
    },
    {
      name: 'api',
      kind: 'rest',
      // "System endpoints" on the page; that they are all under /api/ is assumed from the paths it gives.
      url: 'https://app.pentographer.com/api',
      source: 'assumed',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      emulated: true,
    },
  ],
  key: { prefix: 'ptg_', pattern: '^ptg_[0-9a-f]{64}$', source: 'page' },
  client: {
    idPrefix: 'ptgc_',
    idPattern: '^ptgc_[0-9a-f]{24}$',
    secretPrefix: 'ptgs_',
    secretPattern: '^ptgs_[0-9a-f]{64}$',
    source: 'page',
  },
  env: { apiKey: 'PENTOGRAPHER_API_KEY', source: 'assumed' },
  // "Workspace Settings > API Keys (or /settings)".
  keysPage: { url: 'https://app.pentographer.com/settings', source: 'page' },
  // "Scoped" API keys, but the page names no scope.
  scopes: {},
  errors: {
    // The status is the page's ("401 Unauthorized"), the body is found.
    unauthorized: { status: 401, text: 'Unauthorized', body: { error: 'Unauthorized' }, source: 'found' },
    unsupportedGrantType: tokenError(400, 'unsupported_grant_type'),
    missingClientCredentials: tokenError(400, 'invalid_request', missingClient),
    invalidClient: tokenError(401, 'invalid_client'),
  },
  tokenEndpoint: {
    url: 'https://app.pentographer.com/api/oauth/token',
    grants: ['client_credentials'],
    source: 'page',
  },
}
