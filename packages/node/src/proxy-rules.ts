import { PentauthError } from '@pentauth/core'
import { own } from './environment.ts'

/** One thing that may be asked for. */
export interface ProxyRule {
  /** In capitals, such as `POST`. */
  readonly method: string
  /** As the app writes it behind the prefix; `*` stands for one segment, such as an id. */
  readonly path: string
  /** Whether a query may come with it; not unless said. */
  readonly query?: boolean | undefined
}

/** A request as rules see it: its path stands behind the prefix. */
interface Asked {
  readonly method: string
  readonly path: string
  readonly hasQuery: boolean
}

/** Whether something is allowed. */
export type Allows = (asked: Asked) => boolean

/**
 * What a list of rules allows: nothing but what one of them names.
 *
 * @throws PentauthError `invalid_option` for what is no list of rules.
 */
export function allowing(rules: unknown): Allows {
  if (!Array.isArray(rules) || rules.length === 0)
    throw notUsable('needs a list "allow"', 'Name what the app calls, such as allow: ["POST /chat/completions"].')
  const tests = rules.map(testOf)
  return (asked) => isPlain(asked.path) && tests.some((test) => test(asked))
}

function testOf(given: unknown): Allows {
  const {
    method,
    path,
    query = false,
  } = own<Partial<ProxyRule>>(typeof given === 'string' ? ruleIn(given) : Object(given))
  const isRule = typeof method === 'string' && /^[A-Z]+$/.test(method) && typeof path === 'string' && isPlain(path)
  if (!isRule)
    throw notUsable('was given a rule that is none', 'Write it as "POST /chat/completions", with * for one segment.')
  const pattern = new RegExp(`^${path.split('*').map(escaped).join('[^/]+')}$`)
  return (asked) => asked.method === method && pattern.test(asked.path) && (query === true || !asked.hasQuery)
}

function ruleIn(text: string): Partial<ProxyRule> {
  const [, method, path] = /^(\S+) (\S+)$/.exec(text) ?? []
  return method === undefined || path === undefined ? {} : { method, path }
}

/**
 * Whether a path means the same to everybody who reads it: no empty segment, none of dots, no backslash, and nothing encoded that some
 * server may decode into one of these, decode twice, or take for another character.
 */
function isPlain(path: string): boolean {
  const isOdd = /[\\?#]|\/\/|\/\.{1,2}(?:[/;]|$)|%(?![2-7][\da-f])|%(?:2[3ef5]|3[bf]|5c|7f)/i.test(path)
  return path.startsWith('/') && !isOdd
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** An option of the proxy that cannot be used. */
export function notUsable(what: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `createProxy ${what}.`, hint })
}
