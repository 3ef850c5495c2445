// Not by URL.canParse: once Node 22 has compiled its caller, it says no to every host with an é in it.
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
