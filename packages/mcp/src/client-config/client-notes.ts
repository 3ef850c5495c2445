import type { ClientScope } from './client-path.ts'
import type { ClientRow } from './clients.ts'
import { signsPeopleIn } from './credential-way.ts'
import { baseUrl, isBuiltin, type Server, variablesOf } from './server-entry.ts'

/** What to know about this client, this way to a credential and this service. */
export function clientNotes({ notes }: ClientRow, server: Server, scope: ClientScope): readonly string[] {
  const { service, resource, way } = server
  const isMoved = way === 'helper' && baseUrl(server)
  return [
    notes.always,
    notes[scope],
    notes[way],
    way === 'bridge' || way === 'helper' ? aboutPentauth(server) : undefined,
    isMoved ? 'The service was moved, so the variable for its address must be set.' : undefined,
    resource.relocated ? undefined : service.notice,
  ].filter((note) => note !== undefined)
}

/** Where `pentauth` looks for the credential that is not in the file. */
function aboutPentauth({ service, resource, way }: Server): string {
  const sources = [
    // Of a service that it knows by its address only, it knows the variable of the key, since the command line says it.
    ...(isBuiltin(service)
      ? variablesOf(service, resource)
      : variablesOf(service, resource).slice(0, resource.apiKey ? 1 : 0)),
    ...(resource.apiKey ? ['a key file'] : []),
    ...(signsPeopleIn(service, resource) ? ['a saved sign-in'] : []),
  ]
  const places = sources.length > 0 ? `; pentauth looks for the credential in these places: ${sources.join(', ')}` : ''
  const variables = way === 'bridge' ? ' A client with windows may not pass your variables on.' : ''
  return `Nothing secret is in the file${places}.${variables}`
}
