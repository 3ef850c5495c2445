/**
 * Where a person goes on, as path, query and fragment of this origin: nobody is led elsewhere by a link that looks like ours.
 *
 * @returns `/` for whatever leads to another origin, or is no address
 */
export function ownPath(address: string | URL): string {
  const { origin, href } = location
  const url = URL.canParse(address, href) ? new URL(address, href).href : ''
  // By its text: of a blob or a script the origin says nothing. A path of two slashes would be another host to who reads it again.
  return url.startsWith(`${origin}/`) ? url.slice(origin.length).replace(/^\/+/, '/') : '/'
}
