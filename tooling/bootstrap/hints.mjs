// A failure that names the way out.

/** A failure of the preparation, not of the thing prepared: printed without a stack. */
export class BootstrapError extends Error {
  /**
   * @param {string} message
   * @param {{ hint?: string | undefined, output?: string | undefined }} [details]
   */
  constructor(message, details = {}) {
    super(message)
    this.name = 'BootstrapError'
    this.hint = details.hint
    this.output = details.output
  }
}

/** @type {readonly (readonly [RegExp, string])[]} */
const KNOWN = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network request|dns error|error sending request/i,
    'the package registry cannot be reached. Check the network, HTTPS_PROXY, and `npm config get registry`.',
  ],
  [
    /\bE404\b|ETARGET|FETCH_404|NO_MATCHING_VERSION|No matching version/i,
    'the registry in use does not have this version. `npm config get registry` shows which one it is.',
  ],
  [/\bE40[13]\b|FETCH_40[13]/, 'the registry refused npm. Check the login in .npmrc and `npm config get registry`.'],
  [
    /OUTDATED_LOCKFILE|frozen-lockfile/,
    'pnpm-lock.yaml does not match the package.json files. Run `pnpm install` and commit the lockfile.',
  ],
  [/ENOSPC|no space left/i, 'the disk is full.'],
  [/EACCES|EPERM|EROFS/, 'a folder cannot be written. XDG_CACHE_HOME chooses another folder for what we download.'],
  [/CERT_|certificate/i, 'a certificate was refused. Behind a company proxy, set NODE_EXTRA_CA_CERTS.'],
]

/**
 * The way out of an installer's failure, if its output says enough.
 * @param {string} output
 * @returns {string | undefined}
 */
export function hintFor(output) {
  return KNOWN.find(([pattern]) => pattern.test(output))?.[1]
}

/**
 * The end of a long output, where tools put the reason.
 * @param {string} output
 * @param {number} [lines]
 * @returns {string}
 */
export function lastLines(output, lines = 40) {
  return output.trimEnd().split('\n').slice(-lines).join('\n')
}
