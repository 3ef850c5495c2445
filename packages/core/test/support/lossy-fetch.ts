/** A fetch that loses one answer on the way when it is told to, on all platforms alike: some send a request again by themselves. */
export function lossyFetch(): { readonly fetch: typeof fetch; readonly lose: () => void } {
  let isLosing = false
  return {
    lose: () => {
      isLosing = true
    },
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      if (!isLosing) return response
      isLosing = false
      await response.body?.cancel()
      throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
    },
  }
}
