import { errorFrom, PentauthError, type SessionSnapshot, type SignInOptions } from '@pentauth/browser'
import { useEffect, useState } from 'react'
import { Answer, type Told, toldBy } from './answer.tsx'
import { finishSignIn, useSession } from './auth.ts'
import { Problem } from './problem.tsx'
import type { Call, Offer } from './services.ts'
import { SessionFacts } from './session-facts.tsx'
import { useTask } from './use-task.ts'

const words: Readonly<Record<SessionSnapshot['status'], string>> = {
  loading: 'Looking',
  signed_out: 'Signed out',
  signed_in: 'Signed in',
  ended: 'Session over',
}

/** One service: who is signed in, and what they can do. */
export function ServiceCard({ offer: { auth, what, calls } }: { offer: Offer }) {
  const { id, name } = auth.service
  const session = useSession(auth)
  const { isBusy, problem, run } = useTask()
  const [told, setTold] = useState<Told>()
  const [note, setNote] = useState('')

  useEffect(() => run(() => finishSignIn(auth)), [auth, run])

  const begin = (work: () => Promise<unknown>) => {
    setNote('')
    setTold(undefined)
    run(work)
  }
  const signIn = (options: SignInOptions) =>
    begin(async () => {
      const { outcome } = await auth.signIn({ returnTo: '/', ...options })
      if (outcome === 'closed') setNote('You closed the window before you were signed in.')
    })
  const call = ({ run: ask }: Call) =>
    begin(async () => {
      const response = await ask()
      const error = await errorFrom(response)
      setTold(await toldBy(response))
      if (error) throw error
    })
  const isIn = session.status === 'signed_in'
  const missing = missingScope(problem)

  return (
    <article className={`card ${id}`} aria-labelledby={`${id}-name`} aria-busy={isBusy}>
      <header>
        <h3 id={`${id}-name`}>{name}</h3>
        <span className={`pill ${session.status}`} role="status">
          {words[session.status]}
        </span>
      </header>
      <p className="quiet">{what}</p>
      {isIn && <SessionFacts auth={auth} session={session} />}
      {isIn ? (
        <div className="buttons">
          {calls.map((one) => (
            <button key={one.label} type="button" className="main" onClick={() => call(one)}>
              {one.label}
              <span className="unseen"> at {name}</span>
            </button>
          ))}
        </div>
      ) : (
        <div className="buttons">
          <button type="button" className="main" onClick={() => signIn({})}>
            Sign in<span className="unseen"> to {name}</span>
          </button>
          <button type="button" onClick={() => signIn({ popup: true })}>
            In a popup<span className="unseen">: sign in to {name}</span>
          </button>
        </div>
      )}
      {note && (
        <p className="aside" role="status">
          {note}
        </p>
      )}
      <Answer told={told} label={`Answer of ${name}`} />
      <Problem error={problem}>
        {missing && (
          <div className="buttons">
            <button type="button" className="main" onClick={() => signIn({ scope: missing })}>
              Allow {missing.split(' ').at(-1)}
              <span className="unseen"> at {name}</span>
            </button>
          </div>
        )}
      </Problem>
      {isIn && (
        <footer className="buttons">
          <button type="button" className="plain" onClick={() => begin(auth.signOut)}>
            Sign out<span className="unseen"> of {name}</span>
          </button>
          <button type="button" className="plain" onClick={() => signIn({ account: otherThan(session.account) })}>
            Switch to “{otherThan(session.account)}”<span className="unseen"> at {name}</span>
          </button>
        </footer>
      )}
    </article>
  )
}

/** All scopes to ask for, where a call needs more than was allowed. */
function missingScope(error: unknown): string | undefined {
  return PentauthError.isInstance(error) && error.code === 'insufficient_scope' ? error.parameters?.scope : undefined
}

/** An account is a label of the app's own: this one has two. */
function otherThan(account: string): string {
  return account === 'work' ? 'default' : 'work'
}
