/** A platform that answers at once and keeps what it was asked. */
export function recorder(
  answer: (request: Request, count: number) => Response | Promise<Response> = () => new Response('{}'),
) {
  const sent: Request[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    sent.push(request.clone())
    return answer(request, sent.length)
  }
  return { sent, fetch }
}

export type Fetch = ReturnType<typeof recorder>['fetch']
