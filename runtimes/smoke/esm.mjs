import * as core from '@pentauth/core'
import * as services from '@pentauth/core/services'
import { smoke } from './run.mjs'

await smoke(core, services)
