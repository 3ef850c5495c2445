// workerd: everything happens inside one request, since outside of any no module may use a timer or the network.

export default {
  async fetch(request: Request): Promise<Response> {
    const { run } = await import('./run.ts')
    const { files } = await import('./tests.ts')
    await run(files, new URL(request.url).searchParams.get('harness') ?? '')
    return new Response()
  },
}
