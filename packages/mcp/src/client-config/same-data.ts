/** A text that two values share exactly when they hold the same data; the order of keys does not count. */
export function dataText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dataText).join()}]`
  if (value instanceof Date) return `date ${value.toISOString()}`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${dataText(member)}`)
    return `{${members.sort().join()}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A copy of an object with one member set; also for data that has a key such as `__proto__`. */
export function withMember(object: object, key: string, member: unknown): object {
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, member]])
}

/** The member of an object that is its own. */
export function ownMember(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined
  return (object as Record<string, unknown>)[key]
}
