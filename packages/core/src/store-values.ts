import type { Store } from './store.ts'
import { broken, expectSame, type StoreCheck } from './store-case.ts'

// What every store promises about its values.

/** Names that something on the way from a program to a disk or a server could take for others, or choke on. */
const names = [
  'session/https%3A%2F%2Fapi.example%2Fmcp/default/default',
  'session/https://api.example/mcp/default/default',
  'a',
  'A',
  'a/',
  '/a',
  './a',
  '../a',
  '..',
  '.',
  'a\\b',
  'a b',
  ' a',
  'a ',
  'a*',
  'a?',
  '[a]',
  'a%2Fb',
  'a/b',
  'a:b',
  'a\u0000b',
  'a\nb',
  'é',
  'e\u0301',
  '日本語',
  '🔑',
  '__proto__',
  'constructor',
  'con',
  'x'.repeat(1024),
  `${'x'.repeat(1023)}y`,
]

const values: Readonly<Record<string, string>> = {
  empty: '',
  blank: ' ',
  'with white space around it': '\n a \t\r\n',
  'with lines': 'one\ntwo\r\nthree\u2028',
  'like JSON': '{"a":null,"__proto__":{"b":1}}',
  'the word null': 'null',
  unicode: 'é e\u0301 日本語 🔑👩‍👩‍👧 \u0000 \uFEFF',
  'one megabyte': 'é🔑x'.repeat(150_000),
}

async function expectIn(store: Store, key: string, value: string | undefined, what: string): Promise<void> {
  // Some stores say `null` where there is nothing.
  expectSame(what, value, (await store.get(key)) ?? undefined)
}

export const valueChecks: Readonly<Record<string, StoreCheck>> = {
  'finds nothing where nothing was put': ({ store }) => expectIn(store, 'a', undefined, 'get of nothing'),

  'returns what was put': async ({ store }) => {
    await store.set('a', 'one')
    await expectIn(store, 'a', 'one', 'get after set')
    await expectIn(store, 'a', 'one', 'a second get')
  },

  'replaces a value': async ({ store }) => {
    for (const value of ['a longer value', 'two', 'two', 'three']) {
      await store.set('a', value)
      await expectIn(store, 'a', value, 'get after another set')
    }
  },

  'forgets what is deleted': async ({ store }) => {
    await store.set('a', 'one')
    await store.delete('a')
    await expectIn(store, 'a', undefined, 'get after delete')
    await store.set('a', 'two')
    await expectIn(store, 'a', 'two', 'get after delete and set')
  },

  'takes the deletion of nothing': async ({ store }) => {
    await store.delete('a')
    await store.delete('a')
    await expectIn(store, 'a', undefined, 'get after deleting nothing')
  },

  'keeps any names apart': async ({ store }) => {
    for (const name of names) await store.set(name, `value of ${name}`)
    for (const name of names) await expectIn(store, name, `value of ${name}`, `get of ${JSON.stringify(name)}`)
    for (const [index, name] of names.entries()) {
      if (index % 2 === 0) await store.delete(name)
    }
    for (const [index, name] of names.entries()) {
      const value = index % 2 === 0 ? undefined : `value of ${name}`
      await expectIn(store, name, value, `get of ${JSON.stringify(name)} after deleting others`)
    }
  },

  'keeps any text as it is': async ({ store }) => {
    for (const [what, value] of Object.entries(values)) {
      await store.set('a', value)
      await expectIn(store, 'a', value, `a value ${what}`)
    }
  },

  'takes many writes at the same time': async ({ store }) => {
    const many = Array.from({ length: 20 }, (_, index) => String(index))
    await Promise.all(many.map((name) => store.set(`many/${name}`, name)))
    for (const name of many) await expectIn(store, `many/${name}`, name, 'one of many values')
    await Promise.all(many.map((value) => store.set('one', value)))
    const last = await store.get('one')
    if (last === undefined || !many.includes(last))
      throw broken('of writes to one name at the same time, none is there')
  },

  'shows another process what has been written': async ({ store, again }) => {
    const other = await again?.()
    if (!other) return
    await store.set('a', 'one')
    await expectIn(other, 'a', 'one', 'get by another after set')
    await other.set('a', 'two')
    await expectIn(store, 'a', 'two', 'get after another set it')
    await other.delete('a')
    await expectIn(store, 'a', undefined, 'get after another deleted it')
  },

  'lists the names that begin so': async ({ store }) => {
    if (!store.keys) return
    expectSame('keys of an empty store', [], [...(await store.keys(''))])
    const there = ['list/a', 'list/b/c', 'list/', 'list', 'List/a', 'l.st/a', 'list/*', 'other/list/a', 'list/gone']
    for (const name of there) await store.set(name, 'x')
    await store.delete('list/gone')
    for (const prefix of ['list/', 'list/*', 'l', 'nothing', '']) {
      const expected = there.filter((name) => name.startsWith(prefix) && name !== 'list/gone').sort()
      expectSame(`keys(${JSON.stringify(prefix)})`, expected, [...(await store.keys(prefix))].sort())
    }
  },
}
