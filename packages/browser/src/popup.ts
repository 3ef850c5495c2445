import type { SignInOptions, SignInResult } from './options.ts'
import type { Page } from './page.ts'

/** PLACEHOLDER of H4's part. */
export async function signInByPopup(_page: Page, popup: Window, _wishes: SignInOptions): Promise<SignInResult> {
  popup.close()
  return { outcome: 'closed' }
}
