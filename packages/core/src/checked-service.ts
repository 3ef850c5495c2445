import { isChecked } from './frozen-service.ts'
import { part } from './part.ts'
import type { Service } from './service.ts'

/**
 * Refuses a definition that would fail later, to those who can wait for it; those of this package and of `defineService` were checked.
 *
 * @throws PentauthError `invalid_service` that names the place.
 */
export async function requireChecked(service: Service): Promise<void> {
  if (service && isChecked(service)) return
  const { checkService } = await part(import('./define-service.ts'))
  checkService(service)
}
