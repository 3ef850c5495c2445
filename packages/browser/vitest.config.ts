import { playwright } from '@vitest/browser-playwright'
import { msw } from 'msw/vite'
import { defineConfig } from 'vitest/config'

// A busy machine is slow; what hangs is found all the same.
const patience = { testTimeout: 180_000, hookTimeout: 180_000 }

/** Debian's Chromium, as `npm test` brings it. */
const chromium = playwright({
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  },
})

export default defineConfig({
  test: {
    // They wait for pages most of the time.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...patience,
          name: 'browser',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.browser.test.ts'],
          setupFiles: ['@pentauth/tooling/canary'],
        },
      },
      {
        plugins: [msw({ mode: 'worker-only' })],
        // Found late, they would reload a page in the middle of a test.
        optimizeDeps: { include: ['msw/browser', 'msw/http', 'react', 'react-dom/client', 'react-dom/server.browser'] },
        test: {
          ...patience,
          name: 'browser-in-chromium',
          include: ['test/**/*.browser.test.ts'],
          globalSetup: ['test/support/servers.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: chromium,
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
