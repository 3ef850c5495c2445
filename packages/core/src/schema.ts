import { z } from 'zod'
import { compiles, defineService } from './define-service.ts'
import { PentauthError } from './errors.ts'
import { withoutKeyLike } from './printable.ts'
import { grantTypes, type Service, serviceErrorCodes } from './service.ts'

const httpUrl = z.url({ protocol: /^https?$/ })
const link = z.strictObject({ where: z.string().min(1), url: httpUrl.optional() })
const header = z.enum(['authorization', 'x-api-key'])
const factSource = z.enum(['documented', 'found', 'assumed'])
const pattern = z.string().refine((source) => compiles(source), 'not a regular expression')

const resource = z.strictObject({
  url: httpUrl,
  protocol: z.enum(['rest', 'mcp', 'graphql']),
  apiKey: z.array(header).min(1).optional(),
  accessToken: z.boolean().optional(),
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).optional(),
  audience: httpUrl.optional(),
  operations: z
    .array(z.strictObject({ name: z.string(), method: z.string(), path: z.string(), public: z.boolean().optional() }))
    .optional(),
  relocated: z.boolean().optional(),
})

const oauth = z.strictObject({
  issuer: httpUrl.optional(),
  authorizationServerMetadata: httpUrl.optional(),
  protectedResourceMetadata: httpUrl.optional(),
  authorizationEndpoint: httpUrl.optional(),
  tokenEndpoint: httpUrl.optional(),
  registrationEndpoint: httpUrl.optional(),
  revocationEndpoint: httpUrl.optional(),
  deviceAuthorizationEndpoint: httpUrl.optional(),
  grants: z.array(z.enum(grantTypes)),
  tokenEndpointAuthMethod: z.enum(['none', 'client_secret_post', 'client_secret_basic']),
  scopes: z.array(z.string()).optional(),
  tokenFormat: z.enum(['jwt', 'opaque']).optional(),
  tokenSigningAlgorithm: z.string().optional(),
  tokenLifetime: z.number().positive().optional(),
  clientIdPrefix: z.string().optional(),
  clientSecretPrefix: z.string().optional(),
  clientIdEnv: z.string().optional(),
  clientSecretEnv: z.string().optional(),
  omitResourceParameter: z.boolean().optional(),
  scopeOnRefresh: z.boolean().optional(),
  relocated: z.boolean().optional(),
})

/** Zod schema of a service definition as JSON; unknown keys are errors, so that a typing mistake is not a silent default. */
export const serviceSchema: z.ZodType<Service> = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  name: z.string().min(1),
  resources: z.record(z.string(), resource),
  apiKey: z
    .strictObject({
      prefix: z.string().optional(),
      prefixSource: factSource.optional(),
      pattern: pattern.optional(),
      patternSource: factSource.optional(),
      env: z.string().regex(/^[A-Za-z_]\w*$/, 'an environment variable name'),
      rotation: z.strictObject({ method: z.enum(['rotate', 'renew', 'replace']), grace: z.number().min(0).optional() }),
      perAccount: z.number().int().positive().optional(),
      consoleOnly: z.array(z.string()).optional(),
    })
    .optional(),
  oauth: oauth.optional(),
  scopes: z.strictObject({ default: z.string(), operations: z.record(z.string(), z.array(z.string())) }).optional(),
  errors: z
    .array(
      z.strictObject({
        code: z.enum(serviceErrorCodes),
        status: z.number().int().min(400).max(599).optional(),
        message: z.string().min(1).optional(),
        source: factSource,
        hint: z.string(),
        wayOut: z.string().optional(),
        link: z.enum(['docs', 'keys', 'clients', 'connectedApps', 'plans']).optional(),
      }),
    )
    .default([]),
  links: z.strictObject({
    docs: link,
    keys: link.optional(),
    clients: link.optional(),
    connectedApps: link.optional(),
    plans: link.optional(),
  }),
  recommendations: z
    .array(z.strictObject({ client: z.string(), method: z.enum(['api-key', 'oauth', 'client-credentials']) }))
    .default([]),
  sdk: z.strictObject({ openai: httpUrl.optional(), anthropic: httpUrl.optional() }).optional(),
  access: z.string().optional(),
  notice: z.string().optional(),
  relocatedBy: z.string().optional(),
  dangerouslyAllowPlainHttp: z.boolean().optional(),
}) as unknown as z.ZodType<Service>

/**
 * A service definition from JSON, such as a parsed file.
 *
 * @throws PentauthError `invalid_service` that names every wrong place.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 *
 * const acme = parseService(JSON.parse(await readFile('acme.service.json', 'utf8')))
 * ```
 */
export function parseService(json: unknown): Service {
  const result = serviceSchema.safeParse(json)
  if (result.success) return defineService(result.data)
  throw new PentauthError({
    code: 'invalid_service',
    message: `The service definition is not valid:\n${withoutKeyLike(z.prettifyError(result.error))}\n`,
    hint: 'See the Service type of @pentauth/core for what each field means.',
  })
}
