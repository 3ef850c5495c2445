import OpenAI from 'openai'

const { values } = await new OpenAI().authHeaders({ method: 'get', path: '/models' })
process.exitCode = values.has('authorization') ? 0 : 1
