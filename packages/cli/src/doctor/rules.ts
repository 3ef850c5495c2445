import { resourceRules } from './resource-rules.ts'
import type { Rule } from './rule.ts'
import { serverRules } from './server-rules.ts'
import { signInRules } from './sign-in-rules.ts'

/** Stable: scripts compare them. The part before the dot is the step. */
export type RuleId = keyof typeof resourceRules | keyof typeof serverRules | keyof typeof signInRules

/** Everything that is looked at, in the order of the steps. */
export const rules: Readonly<Record<RuleId, Rule>> = { ...resourceRules, ...serverRules, ...signInRules }

/** The steps of an examination, as reports head them. */
export const steps = {
  reach: 'Reach it',
  challenge: 'Ask without a token',
  resource: 'Protected resource metadata',
  server: 'Authorization server',
  pages: 'From a web page (CORS)',
  client: 'What a Pentauth client does',
  registration: 'Dynamic registration',
  authorization: 'Authorization endpoint',
  token: 'Sign-in and tokens',
} as const

export type StepId = keyof typeof steps
