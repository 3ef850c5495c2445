import Anthropic from '@anthropic-ai/sdk'

const { values } = await new Anthropic().authHeaders({ method: 'get', path: '/v1/models' })
process.exitCode = values.has('authorization') ? 0 : 1
