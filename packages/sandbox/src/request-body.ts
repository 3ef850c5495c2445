/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The request's JSON object; undefined when the body is not one. */
export async function jsonBody(request: Request): Promise<JsonObject | undefined> {
  try {
    const value: unknown = await request.json()
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Tells whether a value is a JSON object, not null and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field that holds a string with something in it. */
export function stringField(body: JsonObject, name: string): string | undefined {
  const value = body[name]
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** A field that holds a number, or `fallback`; kept between `min` and `max`. */
export function numberField(body: JsonObject, name: string, range: NumberRange): number {
  const value = body[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) return range.fallback
  return Math.min(range.max, Math.max(range.min, value))
}

interface NumberRange {
  readonly min: number
  readonly max: number
  readonly fallback: number
}
