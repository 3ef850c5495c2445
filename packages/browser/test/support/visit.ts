import { type Sandbox, signInAt } from '@pentauth/sandbox'

// The sandbox's sign-in pages know their visitor by a cookie, which a script may neither send nor read: while the pages are
// visited, requests and responses are made that can.

type Init = { readonly headers?: ConstructorParameters<typeof Headers>[0] }

function withAllHeaders<C extends new (...given: never[]) => object>(base: C): C {
  return class extends (base as unknown as new (...given: unknown[]) => object) {
    constructor(...given: unknown[]) {
      super(...given)
      const { headers } = (given[1] ?? {}) as Init
      const own = new Headers((given[0] as Request | undefined)?.headers)
      new Headers(headers).forEach((value, name) => {
        own.append(name, value)
      })
      if (given[0] instanceof base && !headers) return
      Object.defineProperty(this, 'headers', { value: own })
    }
  } as unknown as C
}

/** Signs a person in at the pages of the sandbox; returns where the page is called back. */
export async function visit(
  sandbox: Sandbox,
  url: URL,
  person: { readonly account?: string; readonly allow?: boolean } = {},
): Promise<URL> {
  const { Request: request, Response: response } = globalThis
  Object.assign(globalThis, { Request: withAllHeaders(request), Response: withAllHeaders(response) })
  try {
    return await signInAt(sandbox, url, person)
  } finally {
    Object.assign(globalThis, { Request: request, Response: response })
  }
}
