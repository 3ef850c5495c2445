// Core uses no platform: every way to one, each as a twin.
import { expect, it } from 'vitest'
import { checkPlatform } from '../rules/check-platform.mjs'
import { makeTree } from './make-tree.mjs'

/**
 * All twins of a test in one file, a line for each: a check takes as long for one as for twenty.
 * @param {readonly string[]} lines
 * @param {string} [name]
 * @returns {readonly string[]} what is said of each line
 */
function problems(lines, name = 'twin') {
  const found = checkPlatform(makeTree({ [`packages/core/src/${name}.ts`]: `${lines.join('\n')}\n` }))
  return lines.map((line, index) => `${line} -- ${found.filter((text) => text.includes(`.ts:${index + 1} `)).join()}`)
}

it('a global that is not in the list is refused, whichever platform has it', () => {
  const names =
    'process Buffer global require module exports __dirname __filename setImmediate clearImmediate Deno Bun ' +
    'window self document navigator location history screen localStorage sessionStorage indexedDB caches cookieStore ' +
    'alert matchMedia performance console Worker SharedWorker BroadcastChannel MessageChannel XMLHttpRequest WebSocket ' +
    'EventSource EventTarget Event CustomEvent File Image customElements requestAnimationFrame queueMicrotask name top'
  const found = problems(names.split(' ').map((name) => `export const use_${name} = () => ${name}`))
  expect(found).toEqual(names.split(' ').map((name) => expect.stringMatching(`-- .*uses .*\\b${name}\\b`)))
})

it('refused as well, with these words', () => {
  /** @type {Record<string, string>} */
  const twins = {
    'export const a = () => alert(1)': 'alert',
    "export const a = () => new Worker('x')": 'Worker',
    'export const a = () => typeof window': 'window',
    'export class A extends EventTarget {}': 'EventTarget',
    'export const a = () => ({ process })': 'process',
    'export const a = (x = location) => x': 'location',
    'export const a = () => { const { href } = location; return href }': 'location',
    'export const a = { [location.href]: 1 }': 'location',
    'export const a = () => [location]': 'location',
    'export const a = () => (window as { x?: 1 }).x': 'window',
    "export const a = () => { name = 'x' }": 'name',
    "export const a = () => fetch('x')": 'fetch',
    'export const a = { send: fetch }': 'fetch',
    'export const a = () => crypto.randomUUID()': 'crypto',
    "export const a = () => globalThis.fetch('x')": 'globalThis',
    "export const a = () => eval('process')": 'eval',
    "export const a = () => new Function('return process')()": 'Function',
    'declare const Own: { env: object }; export const a = () => Own': 'declares',
    'declare global { var own: object }': 'declares',
    'export const a = () => import.meta.url': 'declares or reads',
  }
  const found = problems(Object.keys(twins))
  expect(found).toEqual(Object.values(twins).map((words) => expect.stringMatching(`-- .*\\b${words}\\b`)))
})

it.each(['runtime', 'http'])('the platform seam, %s.ts, may not do these either', (name) => {
  const twins = [
    'export const a = () => globalThis.process',
    "export const a = () => globalThis['process']",
    'export const a = () => { const g = globalThis; return g }',
    'export const a = () => { const { process } = globalThis as { process?: unknown }; return process }',
    'export const a = () => (globalThis as { process?: unknown }).process',
    'export const a = () => process.env',
    'export const a = () => window.fetch',
  ]
  expect(problems(twins, name)).toEqual(twins.map(() => expect.stringContaining('-- packages/core')))
})

it.each(['runtime', 'http'])('the platform seam, %s.ts, may do these', (name) => {
  const twins = ['fetch', 'crypto', 'globalThis.fetch', 'globalThis.crypto', "'document' in globalThis"]
  const found = problems(
    twins.map((twin) => `export const a = () => ${twin}`),
    name,
  )
  expect(found).toEqual(twins.map(() => expect.stringMatching(/-- $/)))
})

it('these are fine', () => {
  const twins = [
    "export const a = () => new URL('x', new Request('y').url).searchParams",
    'export const a = () => [Promise, Map, Date.now(), Math.max(1), JSON, Symbol, undefined]',
    'export const a = (fetch: () => void) => fetch()',
    "export const a = () => { const name = 'x', top = 1; return [name, top] }",
    'export const a = (x: { process: 1, fetch: 2 }) => [x.process, x.fetch]',
    'export const a = { process: 1, location() { return 2 } }',
    'export const a = ({ location: place }: { location: string }) => place',
    'export type A = Window | typeof document | Worker',
    "import { history } from './other.ts'; export const a = history",
    "export { location as document } from './more.ts'",
    'export function a() { return arguments.length }',
    'export class A { declare readonly location: string }',
  ]
  expect(problems(twins)).toEqual(twins.map(() => expect.stringMatching(/-- $/)))
})
