// A visitor: does what the page does, and what a page should not, with `fetch` and a jar for one cookie.

/**
 * @typedef {object} Seen
 * @property {string} what
 * @property {number} status
 * @property {string} text everything of the answer, headers too
 *
 * @param {string} origin of the app
 */
export function visitor(origin) {
  let cookie = ''
  /** @type {Seen[]} */
  const seen = []
  /**
   * @param {string} what
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async function ask(what, path, init = {}) {
    const headers = { ...(cookie ? { cookie } : {}), ...init.headers }
    const response = await fetch(origin + path, { method: 'POST', ...init, headers })
    const [session] = response.headers.getSetCookie()
    if (session) cookie = session.split(';')[0] ?? ''
    const body = await response.text()
    seen.push({ what, status: response.status, text: `${JSON.stringify([...response.headers])}\n${body}` })
    return body
  }
  const chat = {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'llama3.3:70b',
      stream: true,
      messages: [{ role: 'user', content: 'Tea, please.' }],
    }),
  }
  return {
    seen,
    login: () => ask('logs in', '/login'),
    /** @param {string} what */
    chat: (what) => ask(what, '/api/pendra/chat/completions', chat),
    models: () => ask('lists the models', '/api/pendra/models', { method: 'GET' }),
    otherPath: () => ask('asks for the keys', '/api/pendra/api-keys', { method: 'GET' }),
    upwards: () => ask('climbs out of the path', '/api/pendra/models/..%2f..%2fv1/messages', { method: 'GET' }),
    otherSite: () =>
      ask('comes from a page of another site', '/api/pendra/chat/completions', {
        ...chat,
        headers: { ...chat.headers, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      }),
  }
}

/**
 * The pieces that a streamed answer came in.
 * @param {string} events
 */
export function piecesOf(events) {
  return [...events.matchAll(/^data: (\{.*)$/gm)]
    .map(([, data = '']) => JSON.parse(data).choices[0]?.delta?.content)
    .filter(Boolean)
}
