import { PentauthError } from './errors.ts'

export function checkGrace(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds >= 0)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "refusedGrace" is no number of seconds.',
    hint: 'Give 0 or more, such as { refusedGrace: 60 }.',
  })
}
