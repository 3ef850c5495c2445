import { hasMarker } from '@pentauth/tooling/canary'
import type { Dice } from './dice.ts'

/** How a server, or a program by mistake, repeats a secret: the forms that must be recognised. */
const echoes: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'in upper case': (secret) => secret.toUpperCase(),
  'in part': (secret) => secret.slice(3, -3),
  'in base64': (secret) => btoa(`Bearer ${secret}`),
  'in base64url': (secret) => Buffer.from(`client:${secret}`).toString('base64url'),
  'percent-encoded': (secret) => secret.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'percent-encoded, upper case': (secret) =>
    secret.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`),
  'cut by invisible characters': (secret) => secret.replace(/.{4}/g, '$&\u200b'),
  'in colour': (secret) => `\u001b[31m${secret}\u001b[0m`,
  'again and again': (secret) => `${secret} `.repeat(8),
  'in hex': (secret) => Buffer.from(secret).toString('hex'),
  'cut by spaces': (secret) => secret.replace(/.{4}/g, '$& '),
  'cut by control characters': (secret) => secret.replace(/.{4}/g, '$&\u0001'),
}

/** Forms that are not recognised today; each is a known limit. */
export const unrecognised: Record<string, (secret: string) => string> = {
  reversed: (secret) => secret.split('').reverse().join(''),
}

/** A text with the secret in it, somewhere and somehow. */
export function echo({ below, one }: Dice, secret: string): string {
  const form = one(Object.values(echoes))(secret)
  return one([form, `no: ${form}`, `${'x'.repeat(below(100))} ${form} ${'y'.repeat(below(50))}`, `key="${form}"`])
}

/** What of the text a header can carry. */
export const inHeader = (text: string): string => text.replace(/[^\x21-\x7e]+/g, ' ').trim()

/** An error body that holds the text, in the forms services answer in. */
export function bodyWith({ one }: Dice, text: string): [body: string, type: string] {
  const json = one<unknown>([
    { message: text },
    { error: text },
    { error: { message: text, code: text } },
    { detail: text },
    { error: 'invalid_request', error_description: text },
    { code: text },
    { message: 'no', debug: { request: { headers: { authorization: text } } } },
    [text],
    text,
  ])
  const escaped = JSON.stringify(json).replace(/[a-z]/g, (letter) =>
    letter === 'u' ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return one<[string, string]>([
    [JSON.stringify(json), 'application/json'],
    [JSON.stringify(json).replaceAll('\u200b', '\\u200b'), 'application/problem+json'],
    [typeof json === 'string' ? escaped : JSON.stringify(json, null, 2), 'application/json'],
    [`<html><title>${text}</title></html>`, 'text/html'],
    [text, 'text/plain'],
    [`{"message":"${text.replace(/[^\x20-\x7e]/g, '')}`, 'application/json'],
  ])
}

const invisible = /[\s\p{Cc}\p{Default_Ignorable_Code_Point}]/gu

/** Whether a text shows a test credential, also one that is cut by spaces, or by what hides it from a search and from nobody's eyes. */
export const showsMarker = (text: string): boolean => hasMarker(text) || hasMarker(text.replace(invisible, ''))
