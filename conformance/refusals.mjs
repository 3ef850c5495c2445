// Scenarios whose server is not to be trusted or never satisfied: with which error our client ends. In all others its calls come through.

/** @type {Readonly<Record<string, string>>} */
export const refusals = {}
