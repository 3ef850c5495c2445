import { type DiscoveryCache, discoveryCache } from './discovered.ts'

/** What was discovered, for all sign-ins of this process. */
export const sharedDiscovery: DiscoveryCache = /* @__PURE__ */ discoveryCache()
