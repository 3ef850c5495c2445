import type { JsonObject } from '../request-body.ts'
import { numberField } from '../request-body.ts'
import type { Agent } from './agents.ts'

interface Chunk {
  readonly text: string
  readonly sourceType: 'webpage' | 'document' | 'training'
  readonly sourceUrl: string | null
}

/** What an agent knows that answers a query, best first; the fields are found in the documentation of the tool. */
export function knowledgeOf(agent: Agent, query: string, args: JsonObject): JsonObject {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const scoreOf = ({ text }: Chunk): number =>
    words.filter((word) => text.toLowerCase().includes(word)).length / Math.max(words.length, 1)
  const chunks = chunksOf(agent)
    .map((chunk) => ({ score: scoreOf(chunk), ...chunk }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, numberField(args, 'topK', { min: 1, max: 20, fallback: 8 }))
  return {
    syntheticId: agent.syntheticId,
    brandName: agent.name,
    query,
    resultCount: chunks.length,
    chunks,
  }
}

/** The facts of a brand; only the tool's name is found, its fields are assumed. */
export function factsheetOf(agent: Agent): JsonObject {
  const { syntheticId, name, website, topics, personas } = agent
  return { syntheticId, brandName: name, website, topics, personas }
}

function chunksOf({ name, website, topics, personas }: Agent): Chunk[] {
  return [
    { text: `${name} is a brand of the sandbox, at ${website}.`, sourceType: 'webpage', sourceUrl: website },
    ...topics.map(
      (topic): Chunk => ({ text: `${name} stands for ${topic}.`, sourceType: 'document', sourceUrl: null }),
    ),
    ...personas.map(
      (persona): Chunk => ({ text: `A ${persona} asks for ${name}.`, sourceType: 'training', sourceUrl: null }),
    ),
  ]
}
