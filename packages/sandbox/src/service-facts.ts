import type { ServiceFacts } from './facts.ts'
import { pendiumFacts } from './pendium/facts.ts'
import { pendraFacts } from './pendra/facts.ts'
import { pensyveFacts } from './pensyve/facts.ts'
import { pentographerFacts } from './pentographer/facts.ts'
import { profundisFacts } from './profundis/facts.ts'
import type { ServiceName } from './service-name.ts'

/**
 * What the sandbox holds to be true of each service, as plain data: compare it with what a client believes.
 *
 * @example
 * facts.pensyve.key.prefix // 'psy_'
 */
export const facts: Readonly<Record<ServiceName, ServiceFacts>> = {
  pendium: pendiumFacts,
  pensyve: pensyveFacts,
  profundis: profundisFacts,
  pentographer: pentographerFacts,
  pendra: pendraFacts,
}
