const core = require('@pentauth/core')
const services = require('@pentauth/core/services')

import('./run.mjs').then(({ smoke }) => smoke(core, services))
