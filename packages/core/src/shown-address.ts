import { printable, withoutKeyLike } from './printable.ts'

/** An address as messages show it. */
export function shownAddress(url: URL): string {
  return withoutKeyLike(printable(url.origin + url.pathname, 200))
}
