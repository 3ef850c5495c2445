import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { Locator, Page } from 'playwright'
import { expect } from 'vitest'
import { smallPng } from './small-png.ts'

const folder = join(import.meta.dirname, '..', 'screenshots')
/** Fonts and the clock differ from machine to machine, so pictures are made anew only by who wants to look at them. */
const isWanted = process.env.PENTAUTH_SCREENSHOTS === '1'
const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/** A picture for the README: there is one that is small, and the page as it is now gives one of the same width. */
export async function takeScreenshot(name: string, of: Page | Locator): Promise<void> {
  const path = join(folder, `${name}.png`)
  const options = { animations: 'disabled', scale: 'css' } as const
  const picture = await ('goto' in of ? of.screenshot({ ...options, fullPage: true }) : of.screenshot(options))
  if (isWanted) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, smallPng(picture))
  }
  const kept = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  for (const one of [picture, kept]) {
    expect(one.subarray(0, 8)).toEqual(signature)
    // A blank page of this size has a few hundred bytes.
    expect(one.length).toBeGreaterThan(10_000)
    expect(widthOf(one)).toBe(widthOf(picture))
  }
  expect(kept.length).toBeLessThanOrEqual(120_000)
}

/** In the first chunk of every PNG. */
const widthOf = (picture: Buffer): number => picture.readUInt32BE(16)
