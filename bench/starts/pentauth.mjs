import { createAuth, pendra } from '@pentauth/node'

const headers = await createAuth(pendra).headers('https://api.pendra.ai/api/v1/models')
process.exitCode = headers.authorization ? 0 : 1
