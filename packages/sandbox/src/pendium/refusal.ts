import { type ErrorFacts, refusal } from '../facts.ts'

// Found: "a 401 with instructions on how to sign up", and `_pendium` in every response; its text is our own.
const signUp = {
  what_you_are_seeing: 'The request was refused.',
  next_steps: ['Log in, click your avatar, then API Keys', 'https://pendium.ai/mcp > Get API Key'],
}

/** A refusal with the `_pendium` object that every response carries. */
export function refused(error: ErrorFacts): Response {
  return refusal({ ...error, body: { ...error.body, _pendium: signUp } })
}
