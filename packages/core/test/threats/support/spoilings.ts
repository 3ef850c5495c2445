import { testKey } from '@pentauth/tooling/canary'
import type { Dice } from './dice.ts'

/** Ways in which a key is given that is none, or not that service's. */
export const spoilings: readonly ((key: string, dice: Dice) => unknown)[] = [
  (key, { below, one }) => {
    const at = 1 + below(key.length - 2)
    return key.slice(0, at) + String.fromCodePoint(one([0, 10, 13, 32, 0xe9, 0x200b, 0x2028, 0x1f511])) + key.slice(at)
  },
  (key) => `"${key}"`,
  (key) => `Bearer ${key}`,
  (key) => `KEY=${key}`,
  (key) => `export KEY='${key}'`,
  (key) => `<${key}>`,
  (key) => `${key}...`,
  (key) => [key, key, { key }],
  (key) => ({ key, toString: () => key }),
  (key) => ({ value: { key }, source: 'x' }),
  (key) => () => key,
  (key) => Symbol(key.slice(0, 0)),
  () => testKey.pentographerSecret(),
  () => testKey.pendra(),
  () => `sk-ant-${testKey.token()}`,
]
