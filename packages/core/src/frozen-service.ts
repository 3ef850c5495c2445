// A registered symbol, since the definitions are a bundle of their own; not enumerable, so that no copy of a definition has it.
const checkedKey: unique symbol = Symbol.for('pentauth.checked')

/** Freezes a definition that is known to pass the check, all through: it is not checked again, which would cost a start its time. */
export function frozenService<S extends object>(service: S): S {
  // Its value is the definition itself, so that a copy of all properties is no checked definition.
  Object.defineProperty(service, checkedKey, { value: service })
  return deepFreeze(service)
}

export function isChecked(service: object): boolean {
  return (service as { [checkedKey]?: unknown })[checkedKey] === service && Object.isFrozen(service)
}

function deepFreeze<T extends object>(value: T): T {
  for (const name of Object.keys(value)) {
    const part: unknown = value[name as keyof T]
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
