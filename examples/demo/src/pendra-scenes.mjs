// Pendra: each of its endpoints with one API key.

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @returns {import('./scenes.mjs').Scene[]}
 */
export function pendraScenes({ keys }) {
  const pendra = keys.create('pendra')
  const chat = { model: 'qwen3.6:27b', messages: [{ role: 'user', content: 'Hello' }] }
  const pendraEnv = { PENDRA_API_KEY: pendra.key }

  return [
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
