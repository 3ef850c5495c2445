import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { threat } from '@pentauth/tooling/threat'
import { useChromium } from '../e2e/support/chromium.ts'
import type { Defect } from '../e2e/support/page-app.ts'
import { followPopups, isolate, openPopup, untilAsked, untilService } from '../e2e/support/popup.ts'
import { answerFor, leave, openWorld, ready, type World, type WorldOptions } from '../e2e/support/world.ts'

// K1 to K3 in Chromium: the windows around a sign-in. A twin is our app with one text of our source changed.

const browser = useChromium()
const strict = useChromium({ ignoreDefaultArgs: ['--disable-popup-blocking'] })

/** A world that ends with the attack. */
async function inWorld<T>(options: WorldOptions, attack: (world: World) => Promise<T>, from = browser): Promise<T> {
  const ends: (() => Promise<void>)[] = []
  try {
    return await attack(await openWorld(from(), (end) => void ends.push(end), { before: followPopups, ...options }))
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** A page of somebody else, while it is needed. */
async function withForeignPage<T>(content: string, work: (address: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => void response.setHeader('content-type', 'text/html').end(content))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** What the person's own sign-in comes to, whether or not somebody listens to the popup still. */
async function finish({ popup, result }: Awaited<ReturnType<typeof openPopup>>): Promise<string> {
  const closed = popup.waitForEvent('close')
  const { href } = await answerFor(popup)
  await popup.goto(href).catch(() => undefined)
  await Promise.race([closed, ready(popup).catch(() => undefined)])
  const { value, error } = await result
  return value?.outcome ?? error?.code ?? 'nothing'
}

threat<readonly Defect[], { readonly outcome: string; readonly tokenRequests: number }>(
  'K1',
  'other origins and windows send answers, and know the state',
  {
    ours: [],
    twin: [{ file: 'popup.ts', text: 'relay.onmessage =', becomes: 'globalThis.onmessage = relay.onmessage =' }],
    attack: (defects) =>
      inWorld({ defects, page: { storage: 'memory' } }, (world) =>
        withForeignPage('<title>Somebody</title>', async (address) => {
          const states = new Set<string>()
          world.context.on('request', (request) => {
            const state = new URL(request.url()).searchParams.get('state')
            if (state) states.add(state)
          })
          // Who opened the app can send it messages; so can the page of the service, and other tabs.
          const foreign = await world.context.newPage()
          await foreign.goto(address)
          const opened = world.context.waitForEvent('page')
          await foreign.evaluate((url) => {
            window.opened = open(url)
          }, world.app.origin)
          const page = await opened
          await ready(page)
          const other = await world.tab()
          const attempt = await openPopup(page)
          await untilService(attempt.popup)
          const [state = ''] = states
          const forged = [
            `${world.app.origin}/callback?code=forged&state=${state}`,
            'taken',
            `?code=forged&state=${state}`,
          ]
          const flood = (texts: string[]) => {
            const relay = new BroadcastChannel(`pentauth/${new URLSearchParams(texts[2]).get('state')}`)
            for (let times = 0; times < 100; times += 1) {
              for (const text of texts) {
                for (const target of [window.opened, window.opener, window.opener?.parent])
                  target?.postMessage(text, '*')
                relay.postMessage(text)
              }
            }
            relay.close()
          }
          await foreign.evaluate(flood, forged)
          await attempt.popup.evaluate(flood, forged)
          // A page of the app's own that has the name of the relay, and says what is no answer to this sign-in.
          await other.evaluate((name) => {
            const relay = new BroadcastChannel(name)
            for (const text of ['taken', 'closed', `${location.origin}/callback?code=forged&state=other`, null, {}])
              relay.postMessage(text)
          }, `pentauth/${state}`)
          return { outcome: await finish(attempt), tokenRequests: world.tokenRequests().length }
        }),
      ),
    breaches: ({ outcome, tokenRequests }) => [
      ...(outcome === 'signed_in' ? [] : [`the person's own sign-in came to ${outcome}`]),
      ...(tokenRequests === 1 ? [] : [`${tokenRequests} codes were sent to the service`]),
    ],
  },
)

threat<readonly Defect[], readonly string[]>('K2', 'the page in the popup sends the page that opened it elsewhere', {
  ours: [],
  twin: [
    { file: 'popup.ts', text: 'const owner = ownerOf(popup)', becomes: "const owner = document.createElement('i')" },
  ],
  attack: (defects) =>
    inWorld({ defects }, async (world) => {
      const page = await world.tab()
      const { popup } = await openPopup(page)
      await untilService(popup)
      const addresses: string[] = []
      page.on('framenavigated', (frame) => addresses.push(new URL(frame.url()).pathname))
      for (const way of ['top', 'parent', 'self'] as const)
        await popup.evaluate((name) => {
          try {
            window.opener[name].location = `${location.origin}/same-looks`
          } catch {
            // The browser says no.
          }
        }, way)
      // What was begun there is done before a page that is asked for now is there.
      await popup.reload().catch(() => undefined)
      await popup.reload().catch(() => undefined)
      return addresses
    }),
  breaches: (addresses) => addresses.map((address) => `a frame of the app went to ${address}`),
})

threat<readonly Defect[], string>('K2', 'a popup that the service cuts off looks closed', {
  ours: [],
  twin: [{ file: 'popup.ts', text: 'popup.closed && document.hasFocus()', becomes: 'popup.closed' }],
  attack: (defects) =>
    inWorld({ defects }, async (world) => {
      await isolate(world.context, Object.values(world.origins))
      const page = await world.tab()
      const attempt = await openPopup(page)
      await untilService(attempt.popup)
      await Promise.race([attempt.result, untilAsked(page).catch(() => undefined)])
      return finish(attempt)
    }),
  breaches: (outcome) => (outcome === 'signed_in' ? [] : [`the person signed in, and the page says ${outcome}`]),
})

threat<readonly Defect[], boolean>('K2', 'a browser blocks what is opened after the click', {
  ours: [],
  twin: [
    {
      file: 'sign-in.ts',
      text: 'const popup = globalThis.open?.(',
      becomes: 'await page.account()\n const popup = globalThis.open?.(',
    },
  ],
  attack: (defects) =>
    inWorld(
      { defects },
      async (world) => {
        const page = await world.tab()
        await page.evaluate(() =>
          document.querySelector('a')?.addEventListener('click', (event) => {
            event.preventDefault()
            void window.app.signIn({ popup: true })
            document.body.dataset.opened = String(Boolean(window.opened))
          }),
        )
        await page.click('a')
        return (await page.evaluate(() => document.body.dataset.opened)) === 'true'
      },
      strict,
    ),
  breaches: (isOpen) => (isOpen ? [] : ['there is no popup yet when the click is over']),
})

interface Framed {
  readonly tokenRequests: number
  readonly inFrame: string
  readonly afterwards: string
}

threat<readonly Defect[], Framed>('K3', 'the answer to a sign-in comes back in a frame of another page', {
  ours: [],
  twin: [{ file: 'framed.ts', text: 'window !== top', becomes: 'false' }],
  attack: (defects) =>
    inWorld({ defects }, async (world) => {
      // An app that lets itself be framed.
      world.app.policy = ''
      const page = await world.tab()
      await leave(page)
      const { href } = await answerFor(page)
      const [tokenRequests, inFrame] = await withForeignPage(
        `<title>Somebody</title><iframe src="${href.replaceAll('&', '&amp;')}"></iframe>`,
        async (address) => {
          const foreign = await world.context.newPage()
          await foreign.goto(address)
          const [, frame] = foreign.frames()
          await frame?.locator('body[data-ready=yes]').waitFor({ state: 'attached' })
          const finished = await frame?.evaluate(() => window.app.finished)
          return [world.tokenRequests().length, finished?.[0]?.error?.code ?? 'signed_in'] as const
        },
      )
      await page.goto(href)
      await ready(page)
      const [again] = await page.evaluate(() => window.app.finished)
      return { tokenRequests, inFrame, afterwards: again?.error?.code ?? 'signed_in' }
    }),
  breaches: ({ tokenRequests, inFrame, afterwards }) => [
    ...(tokenRequests === 0 ? [] : ['the code was sent to the service']),
    ...(inFrame === 'sign_in_response_invalid' ? [] : [`in the frame it came to ${inFrame}`]),
    ...(afterwards === 'signed_in' ? [] : [`the person's own sign-in came to ${afterwards}`]),
  ],
})
