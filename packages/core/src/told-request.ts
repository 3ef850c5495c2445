import type { Asker, NoteReason } from './asker.ts'
import type { RequestPurpose } from './events.ts'
import { nextSerial } from './serial.ts'
import { shownAddress } from './shown-address.ts'
import { standardError } from './standard-error.ts'

/** Does a request and tells of it, and of what became of it. */
export async function toldRequest(
  { runtime, emit }: Asker,
  purpose: RequestPurpose,
  url: string,
  init: RequestInit,
  work: (noteReason: NoteReason) => Promise<Response>,
): Promise<Response> {
  const facts = { id: nextSerial(), purpose, method: init.method ?? 'GET', url: shownAddress(new URL(url)) }
  const sentAt = runtime.now()
  let reason: string | undefined
  emit?.({ type: 'request_sent', ...facts })
  const tellEnd = (status: number | undefined, error: string | undefined) =>
    emit?.({ type: 'request_ended', ...facts, status, error, reason, duration: runtime.now() - sentAt })
  try {
    const response = await work((why) => {
      reason = why
    })
    tellEnd(response.status, response.status < 400 ? undefined : await standardError(response))
    return response
  } catch (error) {
    tellEnd(undefined, undefined)
    throw error
  }
}
