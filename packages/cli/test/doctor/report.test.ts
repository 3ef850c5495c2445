import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { reportHtml } from '../../src/doctor/render-html.ts'
import { reportText } from '../../src/doctor/render-text.ts'
import { examined } from '../support/examined.ts'
import { site } from '../support/site.ts'

const flawed = { challenge: 'Bearer', server: { code_challenge_methods_supported: undefined } }

describe('the report', () => {
  it('has a shape that programs can rely on', async () => {
    const { mcp, origin } = await site(flawed)
    const report = JSON.parse(JSON.stringify(await examined(mcp)))
    expect(report).toMatchObject({ format: 1, url: mcp, service: new URL(origin).host, reached: true, result: 'error' })
    expect(new Date(report.examinedAt).toISOString()).toBe(report.examinedAt)
    const ids = [
      'reach',
      'challenge',
      'resource',
      'server',
      'pages',
      'client',
      'registration',
      'authorization',
      'token',
    ]
    expect(report.steps.map(({ id }: { id: string }) => id)).toEqual(ids)
    const { findings } = report.steps[3]
    expect(findings.find(({ id }: { id: string }) => id === 'server.pkce')).toEqual({
      id: 'server.pkce',
      severity: 'error',
      rule: 'It says that it checks PKCE by S256.',
      detail: '"code_challenge_methods_supported": missing',
      hint: expect.stringContaining('["S256"]'),
      specification: {
        name: 'MCP 2026-07-28, Authorization Code Protection',
        url: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
      },
      exchanges: [expect.any(Number)],
    })
    expect(report.exchanges[0]).toEqual({
      number: 1,
      step: 'reach',
      method: 'POST',
      url: mcp,
      note: 'without a token',
      status: 401,
      headers: expect.objectContaining({ 'www-authenticate': 'Bearer' }),
      milliseconds: expect.any(Number),
    })
    const all = report.steps.flatMap((step: { findings: unknown[] }) => step.findings)
    expect(Object.values(report.counts as Record<string, number>).reduce((sum, one) => sum + one)).toBe(all.length)
  })

  it('is text that says what was asked, what came back, which rule that breaks and what to do', async () => {
    const { mcp } = await site(flawed)
    const text = reportText(await examined(mcp), new PassThrough())
    expect(text).toContain(`#1 POST ${mcp} (without a token): 401 application/json, www-authenticate: Bearer`)
    expect(text).toContain('✗ server.pkce  "code_challenge_methods_supported": missing')
    expect(text).toMatch(/rule {2}It says that it checks PKCE by S256\.\n.*https:\/\/modelcontextprotocol\.io/)
    expect(text).toMatch(/2 error, 1 warning, 1 info, \d+ ok; \d+ requests/)
  })

  it('is as wide as the terminal', async () => {
    const { mcp } = await site(flawed)
    const report = await examined(mcp)
    const narrow = reportText(report, Object.assign(new PassThrough(), { columns: 60 }))
    const long = narrow.split('\n').filter((line) => line.length > 60)
    expect(long.filter((line) => !/https?:|"[\w_]+"/.test(line))).toEqual([])
    expect(narrow).toContain(
      '      do    Add "code_challenge_methods_supported": ["S256"]\n            (and check it).',
    )
    const wide = reportText(report, new PassThrough())
    expect(narrow.replace(/\s+/g, ' ')).toBe(wide.replace(/\s+/g, ' '))
  })

  it('is a page that loads nothing', async () => {
    const { mcp, origin } = await site(flawed)
    const html = reportHtml(await examined(mcp))
    expect(html).not.toMatch(/<script|\bsrc=|<link|<img|<iframe|<object|@import|url\(|\sstyle=|\son\w+=/i)
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => new URL(href as string).hostname)
    expect(new Set(links)).toEqual(new Set(['www.rfc-editor.org', 'modelcontextprotocol.io']))
    const [, sheet = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? []
    const hash = createHash('sha256').update(sheet).digest('base64')
    expect(html).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;`)
    // The sequence: one lane for the doctor, one for the server, an arrow there and back for each request.
    expect(html).toContain(`<li>${new URL(origin).host}</li>`)
    expect(html.match(/class="arrow there to2"/g)?.length).toBe(html.match(/class="arrow back to2"/g)?.length)
    expect(html).toMatch(/name="viewport"/)
    expect(html).toMatch(/color-scheme:light dark/)
  })
})
