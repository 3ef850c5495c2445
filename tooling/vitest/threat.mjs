// One row of docs/threats.md as a test: an attack, and what must not happen. It runs against our client, where nothing
// may happen, and against a client that has exactly that defect, where the same look must find it.
import { describe, expect, it } from 'vitest'

/** Long enough for a busy machine; the lab runs ten times as many rounds. Pages, where rows run, too, have no `process`. */
const timeout = globalThis.process?.env.PENTAUTH_LAB === '1' ? 60 * 60_000 : 3 * 60_000

/**
 * @param {string} id
 * @param {string} title
 * @param {{ ours: any, twin: any, attack: (subject: any) => any, breaches: (outcome: any) => readonly string[] }} row
 */
export function threat(id, title, { ours, twin, attack, breaches }) {
  describe(`${id}: ${title}`, { timeout }, () => {
    it('holds', async () => {
      expect(breaches(await attack(ours))).toEqual([])
    })

    // A check that a client with the defect passes would prove nothing about ours.
    it('catches the vulnerable twin', async () => {
      expect(breaches(await attack(twin)).length).toBeGreaterThan(0)
    })
  })
}
