import { type PentauthEvent, traceDiagram } from '@pentauth/browser'
import { useMemo, useState } from 'react'
import { origins } from './sandbox.ts'
import { SequenceDrawing } from './sequence-drawing.tsx'
import { offers } from './services.ts'
import { TextBox } from './text-box.tsx'
import { useHappenings } from './use-happenings.ts'

/** The sign-in at one service, drawn from what `onEvent` was told. */
export function SignInDiagram() {
  const list = useHappenings()
  const [chosen, setChosen] = useState<string>()
  const latest = list.findLast(({ event }) => event.type === 'signed_in')?.event.service
  const service = chosen ?? latest ?? 'pensyve'
  const mermaid = useMemo(
    () => mermaidOf(list.map(({ event }) => event).filter((event) => event.service === service)),
    [list, service],
  )
  const name = offers.find(({ auth }) => auth.service.id === service)?.auth.service.name ?? service
  return (
    <section className="panel" aria-labelledby="diagram">
      <header>
        <h2 id="diagram">What went over the wire</h2>
        <fieldset className="choice">
          <legend className="unseen">Service</legend>
          {offers.map(({ auth: { service: one } }) => (
            <label key={one.id}>
              <input type="radio" name="diagram-of" checked={one.id === service} onChange={() => setChosen(one.id)} />
              <span>{one.name}</span>
            </label>
          ))}
        </fieldset>
      </header>
      {mermaid === undefined ? (
        <p className="quiet empty">
          Sign in to {name}, and its discovery, registration, sign-in and token appear here.
        </p>
      ) : (
        <>
          <SequenceDrawing mermaid={mermaid} label={`Sequence diagram of the sign-in at ${name}; its text is below`} />
          <details>
            <summary>As Mermaid text</summary>
            <TextBox label="Mermaid text" text={mermaid} />
          </details>
        </>
      )}
    </section>
  )
}

/** The diagram since the last sign-out, with the services' own addresses instead of the sandbox's. */
function mermaidOf(events: readonly PentauthEvent[]): string | undefined {
  const out = events.findLastIndex(({ type }, index) => type === 'signed_out' && index < events.length - 1)
  const told = events.slice(out + 1)
  const isSomething = told.some(({ type }) => type === 'request_sent' || type === 'sign_in_started')
  return isSomething ? atHome(traceDiagram(told)) : undefined
}

const homes = new Map(Object.entries(origins).map(([home, here]) => [here, home]))

function atHome(text: string): string {
  return text.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, (here) => homes.get(here) ?? here)
}
