import * as oauth from 'oauth4webapi'
import { bounded } from './http.ts'
import type { Runtime } from './runtime.ts'

/** The options of every request that the protocol library makes: sent by us, within our limits, to addresses that we have checked. */
export function endpointOptions(runtime: Runtime): oauth.ClientCredentialsGrantRequestOptions {
  return {
    [oauth.customFetch]: (url: string, init: object) => bounded(runtime, url, init),
    // What may be plain http was decided when the address was taken: loopback, or a named option.
    [oauth.allowInsecureRequests]: true,
    // Its own: the library would take those of a polluted Object.prototype.
    headers: new Headers(),
  }
}
