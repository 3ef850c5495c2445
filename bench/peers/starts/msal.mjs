import { ConfidentialClientApplication } from '@azure/msal-node'
import { clientOptions, scopes } from '../msal-options.mjs'

const client = new ConfidentialClientApplication(clientOptions(process.env.BENCH_TOKEN))
const { accessToken } = await client.acquireTokenByClientCredential({ scopes })
process.exitCode = accessToken ? 0 : 1
