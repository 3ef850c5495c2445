import type { BrowserAuth, SessionSnapshot } from '@pentauth/browser'
import { useNow } from './use-now.ts'

/** Whose session it is, what they allowed, and when the token is renewed. */
export function SessionFacts({ auth, session }: { auth: BrowserAuth; session: SessionSnapshot }) {
  const { account, scopes, expiresAt } = session
  return (
    <dl className="facts">
      <dt>Account</dt>
      <dd>{account}</dd>
      <dt>Scopes</dt>
      <dd>
        {scopes?.length
          ? scopes.map((scope) => (
              <code className="chip" key={scope}>
                {scope}
              </code>
            ))
          : 'the service names none'}
      </dd>
      {expiresAt !== undefined && (
        <>
          <dt>Token</dt>
          <dd>
            <Remaining until={expiresAt} lifetime={auth.service.oauth?.tokenLifetime ?? 3600} />
          </dd>
        </>
      )}
    </dl>
  )
}

function Remaining({ until, lifetime }: { until: number; lifetime: number }) {
  const seconds = Math.max(0, Math.round((until - useNow()) / 1000))
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return (
    <span className="remaining">
      <span>{seconds > 0 ? `${text} left` : 'renewed with the next call'}</span>
      <progress max={lifetime} value={Math.min(seconds, lifetime)} aria-label="Life of the token that is left" />
    </span>
  )
}
