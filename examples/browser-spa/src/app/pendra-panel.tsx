import { type FormEvent, useState } from 'react'
import { askPendra } from './pendra.ts'
import { Problem } from './problem.tsx'
import { useTask } from './use-task.ts'

/** A service that takes keys only, used without one. */
export function PendraPanel() {
  const [question, setQuestion] = useState('What goes well with tea?')
  const [answer, setAnswer] = useState('')
  const { isBusy, problem, run } = useTask()
  const ask = (event: FormEvent) => {
    event.preventDefault()
    setAnswer('')
    run(() => askPendra(question, (piece) => setAnswer((text) => text + piece)))
  }
  return (
    <section className="panel" aria-labelledby="pendra">
      <h2 id="pendra">Pendra, through a proxy</h2>
      <p>
        Pendra takes API keys only, and a key in a page is everybody’s: whoever opens the page can read it. So this page
        has none. It asks its own server, where <code>createProxy</code> checks who is asking, lets one call through and
        adds the key.
      </p>
      <ol className="way" aria-label="The way of a question">
        <li>this page</li>
        <li>/api/pendra</li>
        <li>Pendra, with the key</li>
      </ol>
      <form onSubmit={ask}>
        <label htmlFor="question">Question</label>
        <div className="ask">
          <input id="question" value={question} onChange={({ target }) => setQuestion(target.value)} required />
          <button type="submit" className="main" disabled={isBusy}>
            Ask Pendra
          </button>
        </div>
      </form>
      <output className="said" htmlFor="question">
        {answer}
      </output>
      <Problem error={problem} />
    </section>
  )
}
