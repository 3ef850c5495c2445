import { createServer } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { plainHttpReport } from '../../src/doctor/examine.ts'
import type { Report } from '../../src/doctor/report.ts'
import { rules } from '../../src/doctor/rules.ts'
import { broken, examined } from '../support/examined.ts'
import { site } from '../support/site.ts'
import { brokenResources } from './broken-resources.ts'
import { brokenServers } from './broken-servers.ts'
import { brokenSignIns } from './broken-sign-ins.ts'

const provoked = new Set<string>()

/** What is broken, by severity and id; each has something to do, and a specification. */
function found(report: Report): string[] {
  for (const { findings } of report.steps) {
    for (const { id, severity, hint, specification } of findings) {
      if (severity === 'ok') continue
      provoked.add(id)
      expect(hint).toMatch(/\w{3}/)
      expect(specification.url).toMatch(
        /^https:\/\/(?:www\.rfc-editor\.org|modelcontextprotocol\.io|fetch\.spec\.whatwg\.org)\//,
      )
    }
  }
  return broken(report)
}

describe.each([
  ['resource', brokenResources],
  ['authorization server', brokenServers],
  ['sign-in', brokenSignIns],
])('doctor at a %s that', (_, sites) => {
  it.each(sites)('$name', async ({ flaws, wishes, found: expected, says }) => {
    const { mcp } = await site(flaws)
    const report = await examined(mcp, wishes)
    expect(found(report)).toEqual(expected)
    if (says) expect(JSON.stringify(report.steps)).toMatch(says)
  })
})

describe('doctor where nothing answers', () => {
  it('says why, and what to check', async () => {
    const report = await examined(`http://127.0.0.1:${await closedPort()}/mcp`)
    expect(found(report)).toEqual(['error reach.answers'])
    expect(report).toMatchObject({ reached: false, exchanges: [{ failure: 'no connection (ECONNREFUSED)' }] })
    expect(report.steps[0]?.findings[0]?.hint).toMatch(/^Nothing listens at 127/)
  })

  it('ends with the time that an answer has', async () => {
    const { mcp } = await site({ routes: { 'POST /mcp': () => ({ status: 200, headers: { 'content-length': '9' } }) } })
    const report = await examined(mcp, { timeout: 200 })
    expect(found(report)).toEqual(['error reach.answers'])
    expect(report.exchanges[0]?.failure).toBe('no answer within 0.2 s')
  })

  it('sends nothing by plain http', () => {
    const report = plainHttpReport('http://mcp.example/mcp') as Report
    expect(found(report)).toEqual(['error reach.https'])
    expect(report).toMatchObject({ reached: false, exchanges: [] })
    expect(plainHttpReport('http://127.0.0.1:1/mcp')).toBeUndefined()
    expect(plainHttpReport('https://mcp.example/mcp')).toBeUndefined()
  })
})

afterAll(() => {
  expect(Object.keys(rules).filter((id) => !provoked.has(id))).toEqual([])
})

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
