import { describe, expect, test } from 'vitest'
import { createSandbox, facts, leakMarker, type ServiceName } from '../src/index.ts'
import { probe } from './call.ts'
import { createBrowser } from './support/browser.ts'
import { consoles, personAt, signedInAt } from './support/person.ts'

const services = Object.keys(consoles) as ServiceName[]
const createButton = (service: ServiceName) => (service === 'pentographer' ? 'Save new key' : 'Create API key')
const createPath: string = 'create-key'

describe.each(services)('%s', (service) => {
  test('has its console where the facts say', () => {
    expect(facts[service].keysPage.url).toBe(consoles[service])
  })

  test('asks who it is first, and the new key works', async () => {
    const sandbox = createSandbox()
    const stranger = await personAt(sandbox, consoles[service])
    expect(stranger.page.heading).toMatch(/^Sign in to /)
    expect(stranger.page.text).not.toContain(createPath)
    const person = await signedInAt(sandbox, service)
    expect(person.page.url.href).toBe(consoles[service])
    expect(person.page.text).toContain('Signed in as Ada (ada@example.com)')
    const made = await person.press(createButton(service), { name: 'first', scope: 'mcp' })
    expect(made.page.url.href).toBe(consoles[service])
    const [key = ''] = made.secrets
    expect(key).toMatch(new RegExp(facts[service].key.pattern))
    expect(await probe(sandbox, service, key)).toBe(200)
    expect(sandbox.keys.list(service)).toMatchObject([{ account: 'ada' }])
  })

  test('shows a key once: no reload shows it again or makes a second one', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const made = await person.press(createButton(service), { name: 'first' })
    const [key = ''] = made.secrets
    expect(made.page.text.split(key)).toHaveLength(2)
    const reloaded = await made.reload()
    expect(reloaded.secrets).toEqual([])
    expect(reloaded.page.text).not.toContain(key)
    expect(reloaded.page.text).toContain(`${key.slice(0, 8)}…`)
    expect(sandbox.keys.list(service)).toHaveLength(1)
    // The form of the first page once more, as the back button and a second click send it.
    const again = await person.press(createButton(service), { name: 'first' })
    expect([again.page.status, again.page.heading]).toEqual([400, 'This form is no longer valid'])
    expect(sandbox.keys.list(service)).toHaveLength(1)
    expect(await probe(sandbox, service, key)).toBe(200)
  })

  test('a key whose answer was lost, as by a double click, is shown when the person comes back', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const { pathname } = new URL(consoles[service])
    sandbox.faults.add({ path: `${pathname}/${createPath}`, times: 1, drop: 'response' })
    await expect(person.press(createButton(service), { name: 'twice' })).rejects.toThrow('fetch failed')
    const second = await person.press(createButton(service), { name: 'twice' })
    expect(second.page.status).toBe(400)
    expect(second.page.text).toContain(`<a href="${pathname}">Go back</a>`)
    const back = await person.reload()
    expect(sandbox.keys.list(service)).toHaveLength(1)
    expect(await probe(sandbox, service, back.secrets[0] ?? '')).toBe(200)
    expect((await person.reload()).secrets).toEqual([])
  })

  test('nor does a key wait for longer than a form', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    sandbox.faults.add({ path: `${new URL(consoles[service]).pathname}/*`, times: 1, drop: 'response' })
    await expect(person.press(createButton(service), { name: 'left' })).rejects.toThrow('fetch failed')
    sandbox.clock.advance(10 * 60 * 1000)
    expect((await person.reload()).secrets).toEqual([])
  })

  test('a form works only in the browser that was shown it', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const withoutCookie = await person.press(createButton(service), { name: 'stolen' }, false)
    expect(withoutCookie.page.status).toBe(400)
    const other = await signedInAt(sandbox, service)
    const form = /name="form" value="([^"]+)"/.exec(other.page.text)?.[1] ?? ''
    for (const token of [form, '', 'ft_guess']) {
      expect((await person.press(createButton(service), { name: 'forged', form: token })).page.status).toBe(400)
    }
    expect(sandbox.keys.list(service)).toEqual([])
    sandbox.clock.advance(10 * 60 * 1000)
    expect((await person.press(createButton(service), { name: 'late' })).page.status).toBe(400)
    const fresh = await person.reload()
    expect((await fresh.press(createButton(service), { name: 'in time' })).secrets).toHaveLength(1)
  })

  test('another account is a new session, and sees nothing of the last', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const [second, third] = [await person.reload(), await person.reload()]
    sandbox.faults.add({ path: `${new URL(consoles[service]).pathname}/${createPath}`, times: 1, drop: 'response' })
    // Ada's new key, which nobody has seen, waits for Ada's session alone.
    await expect(person.press(createButton(service), { name: 'of Ada' })).rejects.toThrow('fetch failed')
    const switched = await second.press('Use another account')
    expect(switched.page.heading).toMatch(/^Sign in to /)
    const google = service === 'profundis' ? await switched.press('Continue with Google') : switched
    const other = service === 'profundis' ? 'credited' : 'outsider'
    const stranger = await google.press('Sign in', { account: other })
    expect(stranger.page.text).toContain(`(${other}@example.com)`)
    expect(stranger.page.text).not.toContain('of Ada')
    expect(stranger.secrets).toEqual([])
    expect((await third.press(createButton(service), { name: 'late' })).page.status).toBe(400)
    expect(sandbox.keys.list(service)).toHaveLength(1)
  })

  test('needs no script, loads nothing, and cannot be framed or kept', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const made = await person.press(createButton(service), { name: 'first' })
    for (const { status, headers, text } of [person.page, made.page]) {
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-frame-options')).toBe('DENY')
      const policy = headers.get('content-security-policy') ?? ''
      const nonce = /'nonce-([0-9a-f]{32})'/.exec(policy)?.[1]
      expect(policy).toBe(
        `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      )
      expect(text).not.toMatch(/<script|<link|<img|<iframe| on[a-z]+="|style="|@import|url\(/)
      // What is seen has a label, ids are there once, and every place that a link names exists.
      const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const [, id] of text.matchAll(/<(?:input type="text"|textarea) id="([^"]+)"/g)) {
        expect(text).toContain(`<label for="${id}">`)
      }
      for (const [, id] of text.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)) expect(ids).toContain(id)
    }
  })

  test('the journal says what was done, and holds no secret', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, service)
    const made = await person.press(createButton(service), { name: 'first' })
    expect(sandbox.journal.entries.slice(-2)).toMatchObject([
      { service, operation: 'console_create_key', status: 303, credential: undefined },
      { service, operation: 'console', status: 200 },
    ])
    const journal = JSON.stringify(sandbox.journal.entries)
    expect(journal.includes(leakMarker)).toBe(false)
    expect(journal).not.toContain(made.secrets[0])
  })

  test('a name is text, not mark-up', async () => {
    const sandbox = createSandbox()
    const name = `"><script>alert('x')</script>&`
    sandbox.keys.create(service, { name })
    const { page } = await signedInAt(sandbox, service)
    expect(page.text).not.toContain('<script')
    expect(page.text).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;')
  })
})

test.each(services.filter((service) => service !== 'profundis'))('%s: a key has a name', async (service) => {
  const sandbox = createSandbox()
  const person = await signedInAt(sandbox, service)
  const nameless = await person.press(createButton(service), { name: '  ' })
  expect([nameless.page.status, nameless.page.heading]).toEqual([400, 'This cannot be saved'])
  const long = await (await person.reload()).press(createButton(service), { name: 'x'.repeat(81) })
  expect(long.page.status).toBe(400)
  expect(sandbox.keys.list(service)).toEqual([])
})

test('Pendium: the avatar leads to API Keys', async () => {
  const { page } = await signedInAt(createSandbox(), 'pendium')
  const menu = /<summary><span class="avatar".*?<\/details>/s.exec(page.text)?.[0]
  expect(menu).toContain('<a href="/settings/api-keys" aria-current="page">API Keys</a>')
})

test('Pendium’s MCP page leads to its keys', async () => {
  const sandbox = createSandbox()
  const page = await (await sandbox.fetch('https://pendium.ai/mcp', { headers: { accept: 'text/html' } })).text()
  const href = /<a href="([^"]+)">Get API Key<\/a>/.exec(page)?.[1] ?? ''
  expect(new URL(href, 'https://pendium.ai/mcp').href).toBe(consoles.pendium)
  const shown = await createBrowser(sandbox).goto(consoles.pendium)
  expect(shown.status).toBe(200)
})
