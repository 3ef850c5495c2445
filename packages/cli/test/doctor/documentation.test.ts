import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { specificationOf } from '../../src/doctor/rule.ts'
import { type RuleId, rules, type StepId, steps } from '../../src/doctor/rules.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8')

it('lists every rule as it is, and no other', () => {
  const ids = Object.keys(rules) as RuleId[]
  const lines = ids.map((id) => {
    const { severity, title, spec, hint } = rules[id]
    const { name, url } = specificationOf(spec)
    const cells = [`\`${id}\``, severity, title, `[${name}](${url})`, hint]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  expect(page.match(/^\| `.*$/gm)).toEqual(lines)
  expect(page.match(/^## .*$/gm)).toEqual(Object.values(steps).map((title, index) => `## ${index + 1} ${title}`))
  // Each id is in the step that reports put it in.
  expect(ids.every((id) => (id.split('.')[0] as StepId) in steps)).toBe(true)
})
