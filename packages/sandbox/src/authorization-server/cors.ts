import type { Operation } from '../service.ts'

// A page at any address may sign people in: what is sent holds no cookie, and the answer is for who sent the secret.
const open = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'www-authenticate' }

/** Lets pages of other origins call these operations (found for Pensyve's endpoints; assumed for the others). */
export function withCors(operations: readonly Operation[]): Operation[] {
  return operations.flatMap((operation) => [
    {
      ...operation,
      answer: async (exchange) => {
        const response = await operation.answer(exchange)
        for (const [name, value] of Object.entries(open)) response.headers.set(name, value)
        return response
      },
    },
    {
      name: `${operation.name}_preflight`,
      method: 'OPTIONS',
      origin: operation.origin,
      path: operation.path,
      answer: ({ request }) => preflight(operation.method, request),
    },
  ])
}

function preflight(method: string, request: Request): Response {
  const headers = {
    ...open,
    'access-control-allow-methods': `${method}, OPTIONS`,
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? 'content-type',
    'access-control-max-age': '600',
    vary: 'access-control-request-headers',
  }
  return new Response(null, { status: 204, headers })
}
