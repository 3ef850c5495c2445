import type { CredentialSource } from './credential-source.ts'
import type { CredentialKind } from './service.ts'

/** A source whose code is loaded when it is first asked. */
export function laterSource(
  name: string,
  kind: CredentialKind,
  load: () => Promise<CredentialSource>,
): CredentialSource {
  let source: CredentialSource | undefined
  let loading: Promise<CredentialSource> | undefined
  return {
    name,
    kind,
    get(request) {
      if (source) return source.get(request)
      loading ??= load().finally(() => {
        loading = undefined
      })
      return loading.then((found) => {
        source ??= found
        return source.get(request)
      })
    },
    renew: async (refused, request, sent) => source?.renew?.(refused, request, sent),
    accepted: (key, request, sent) => source?.accepted?.(key, request, sent),
    refusedAgain: (key, request, sent) => source?.refusedAgain?.(key, request, sent),
  }
}
