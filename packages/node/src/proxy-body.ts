/** A body (bytes) is read first, so that it can be sent twice, when it says that it is no larger. */
const smallBody = 1_048_576

/** The body of a request on its way. */
export interface Passing {
  /** For the `init` of a `fetch`. */
  readonly init: RequestInit
  /** Whether it turned out larger than it may be. */
  isTooLarge(): boolean
}

/** Passes a body on, up to a number of bytes; what fails on the way says so when it is sent. */
export async function passing({ body, headers }: Request, most: number): Promise<Passing> {
  const said = Number(headers.get('content-length') ?? Number.NaN)
  if (!body) return { init: {}, isTooLarge: () => false }
  if (said > most) return { init: {}, isTooLarge: () => true }
  let size = 0
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength
        if (size > most) controller.error()
        else controller.enqueue(chunk)
      },
    }),
  )
  const isTooLarge = () => size > most
  if (!(said <= smallBody)) return { init: { body: counted, duplex: 'half' } as RequestInit, isTooLarge }
  const bytes = await new Response(counted).arrayBuffer().catch((error) => {
    if (isTooLarge()) return undefined
    throw error
  })
  return { init: bytes ? { body: bytes } : {}, isTooLarge }
}
