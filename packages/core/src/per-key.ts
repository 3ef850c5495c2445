/** Makes something once for each object; asking again for the last one, as hot paths do, costs no lookup. */
export function perKey<K extends WeakKey, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>()
  let last: { readonly key: K; readonly value: V } | undefined
  return (key) => {
    if (last?.key === key) return last.value
    const value = made.get(key) ?? make(key)
    made.set(key, value)
    last = { key, value }
    return value
  }
}
