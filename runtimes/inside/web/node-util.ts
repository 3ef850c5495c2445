// What tests use of `node:util`: everything that can be reached from a value, as text.

export function inspect(value: unknown, options: { readonly depth?: number } = {}): string {
  return shown(value, Math.min(options.depth ?? 2, 8), new Set())
}

export function format(...values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')
}

function shown(value: unknown, depth: number, above: ReadonlySet<unknown>): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value)
  if (above.has(value)) return '[Circular]'
  if (depth < 0) return '[Object]'
  const custom = (value as Record<symbol, unknown>)[Symbol.for('nodejs.util.inspect.custom')]
  const inner = (one: unknown) => shown(one, depth - 1, new Set([...above, value]))
  if (typeof custom === 'function') {
    const own: unknown = Reflect.apply(custom, value, [depth, {}, inspect])
    return typeof own === 'string' ? own : inner(own)
  }
  const head = value instanceof Error ? `${value.stack}` : `${Object.prototype.toString.call(value)}`
  const entries =
    value instanceof Map || value instanceof Set || value instanceof Headers || value instanceof URLSearchParams
      ? [...value].map(inner)
      : []
  const properties = Reflect.ownKeys(value).map((name) => {
    const { value: own, get } = Object.getOwnPropertyDescriptor(value, name) ?? {}
    return `${String(name)}: ${get ? '[Getter]' : inner(own)}`
  })
  return `${head} { ${[...entries, ...properties].join(', ')} }`
}
