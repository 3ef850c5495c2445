import { forgetAll, type Happening } from './event-list.ts'
import { useHappenings } from './use-happenings.ts'

/** Everything that `onEvent` was told, the newest first. */
export function EventLog() {
  const list = useHappenings()
  return (
    <section className="panel" aria-labelledby="events">
      <header>
        <h2 id="events">Events</h2>
        {list.length > 0 && (
          <button type="button" className="plain" onClick={forgetAll}>
            Clear<span className="unseen"> the events</span>
          </button>
        )}
      </header>
      {list.length === 0 ? (
        <p className="quiet">Nothing yet. Events hold no secret, so they can be shown and kept.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <ol className="log" tabIndex={0} aria-labelledby="events">
          {list.toReversed().map((one) => (
            <li key={one.id}>
              <time dateTime={new Date(one.at).toISOString()}>{timeOf(one.at)}</time>
              <span className={`dot ${one.event.service}`} aria-hidden="true" />
              <strong>{one.event.type}</strong>
              <span className="quiet">{summaryOf(one)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function summaryOf({ event }: Happening): string {
  const { service, type: _, ...facts } = event
  const said = Object.entries(facts).flatMap(([name, value]) => {
    const text = name === 'expiresAt' && typeof value === 'number' ? timeOf(value) : textOf(value)
    return text ? `${name} ${text}` : []
  })
  return [service, ...said].join(' · ')
}

function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Object.values(value).map(textOf).filter(Boolean).join(' ')
  return String(value ?? '')
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString('en-GB')
}
