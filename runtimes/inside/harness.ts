// The way from a runtime under test to the harness that started it.

// Taken at once: a test may replace the global one.
const { fetch } = globalThis
let harness = ''

export function harnessIsAt(origin: string): void {
  harness = origin
}

export async function tellHarness(what: string, about?: unknown): Promise<Response> {
  const response = await fetch(`${harness}/${what}`, { method: 'POST', body: JSON.stringify(about ?? null) })
  if (!response.ok) throw new Error(`the harness answered ${response.status} to ${what}: ${await response.text()}`)
  return response
}
