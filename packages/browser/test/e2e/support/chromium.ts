import { type Browser, chromium, type LaunchOptions } from 'playwright'
import { afterAll, beforeAll } from 'vitest'

/** One Chromium for the tests of a file; each test takes a context of its own. */
export function useChromium(options: LaunchOptions = {}): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
      ...options,
    })
  })
  afterAll(() => browser?.close())
  return () => browser as Browser
}
