import { EventLog } from './event-log.tsx'
import { PendraPanel } from './pendra-panel.tsx'
import { ServiceCard } from './service-card.tsx'
import { offers } from './services.ts'
import { SignInDiagram } from './sign-in-diagram.tsx'

export function App() {
  return (
    <>
      <header className="top">
        <h1>Pentauth in a browser</h1>
        <p>
          Sign in to three services from this page, and use a fourth without its key. All of them are the sandbox on
          this machine.{' '}
          <a href="/" target="_blank" rel="noopener">
            Open a second tab
          </a>{' '}
          and watch it agree.
        </p>
      </header>
      <main>
        <section aria-labelledby="services">
          <h2 id="services">Signed in with OAuth</h2>
          <div className="cards">
            {offers.map((offer) => (
              <ServiceCard key={offer.auth.service.id} offer={offer} />
            ))}
          </div>
        </section>
        <div className="columns">
          <SignInDiagram />
          <div className="stack">
            <PendraPanel />
            <EventLog />
          </div>
        </div>
      </main>
    </>
  )
}
