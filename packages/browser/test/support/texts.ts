/** What a log, a report or a message to another window would show of a value. */
export function texts(value: unknown): readonly string[] {
  const shown = [String(value), JSON.stringify(value) ?? '']
  if (typeof value !== 'object' || value === null) return shown
  for (const name of Object.getOwnPropertyNames(value)) {
    const part: unknown = Object.getOwnPropertyDescriptor(value, name)?.value
    if (part !== undefined) shown.push(name, String(part))
  }
  const { stack, cause } = value as Partial<Error>
  return [...shown, stack ?? '', ...(cause === undefined ? [] : texts(cause))]
}
