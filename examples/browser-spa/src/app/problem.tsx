import { PentauthError } from '@pentauth/browser'
import type { ReactNode } from 'react'

/** What went wrong, the way out, and where to read on. */
export function Problem({ error, children }: { error: unknown; children?: ReactNode }) {
  if (!error) return null
  const { title, hint, link, code } = PentauthError.isInstance(error) ? partsOf(error) : foreign(error)
  return (
    <div className="problem" role="alert">
      <p className="problem-title">{title}</p>
      {hint && <p>{hint}</p>}
      {children}
      {link && (
        <p className="small">
          <a href={link} target="_blank" rel="noreferrer">
            Read more
          </a>{' '}
          <code>{code}</code>
        </p>
      )}
    </div>
  )
}

interface Parts {
  readonly title: string
  readonly hint?: string | undefined
  readonly link?: string | undefined
  readonly code?: string
}

/** The hint is the end of the message, for those who print that alone. */
function partsOf({ message, hint = '', link, code }: PentauthError): Parts {
  return { title: message.slice(0, message.length - hint.length).trim(), hint, link, code }
}

function foreign(error: unknown): Parts {
  return { title: error instanceof Error ? error.message : String(error) }
}
