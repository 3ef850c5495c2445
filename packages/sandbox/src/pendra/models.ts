/** What a model does. */
export type Capability = 'chat' | 'embedding' | 'image' | 'transcription' | 'ocr'

/** One model of the catalogue. */
export interface Model {
  readonly id: string
  readonly capability: Capability
  /** Whether a worker serves it; else a call gets the documented 404. */
  readonly served: boolean
  readonly parameterSize: string
  readonly contextLength: number
}

/**
 * The catalogue: `llama3.3:70b`, `qwen3.6:27b` and `nomic-embed-text:latest` are in Pendra's documentation, the others are
 * assumed so that every endpoint has a model. No worker serves `llama3.1:405b`.
 */
export const catalogue: readonly Model[] = [
  { id: 'llama3.3:70b', capability: 'chat', served: true, parameterSize: '70B', contextLength: 131_072 },
  { id: 'qwen3.6:27b', capability: 'chat', served: true, parameterSize: '27B', contextLength: 131_072 },
  { id: 'nomic-embed-text:latest', capability: 'embedding', served: true, parameterSize: '137M', contextLength: 8192 },
  { id: 'flux.1-schnell', capability: 'image', served: true, parameterSize: '12B', contextLength: 0 },
  { id: 'whisper-large-v3', capability: 'transcription', served: true, parameterSize: '1.5B', contextLength: 0 },
  { id: 'llama3.1:405b', capability: 'chat', served: false, parameterSize: '405B', contextLength: 131_072 },
]

const created = 1_760_000_000

/** `GET /api/v1/models`: what workers serve, as an OpenAI list; with `client_version` as Codex wants it. */
export function listModels(url: URL): Response {
  const type = url.searchParams.get('type')
  const models = catalogue.filter(({ served, capability }) => served && (type ?? capability) === capability)
  if (url.searchParams.has('client_version')) {
    return Response.json({ models: models.map(({ id }) => ({ slug: id, display_name: id })) })
  }
  return Response.json({
    object: 'list',
    data: models.map(({ id }) => ({ id, object: 'model', created, owned_by: 'pendra' })),
  })
}

/** `GET /api/v1/catalogue`, which needs no key. */
export function listCatalogue(): Response {
  return Response.json({
    data: catalogue.map((model) => ({
      id: model.id,
      name: model.id,
      backend: 'sandbox',
      capability: model.capability,
      parameter_size: model.parameterSize,
      context_length: model.contextLength,
      licence: 'unknown',
      variants: [],
    })),
  })
}
