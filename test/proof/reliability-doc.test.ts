import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TROUBLES } from './ends-on-time.ts'
import { FLOWS } from './flows.ts'
import { MUTANTS } from './simulation/mutants.ts'

const DOC = readFileSync('docs/reliability.md', 'utf8')

function rowsOf(part: string): readonly (readonly string[])[] {
  const [, rest = ''] = DOC.split(`<!-- ${part} -->`)
  const [table = ''] = rest.split(`<!-- /${part} -->`)
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  return table.trim().split('\n').slice(2).map(cells)
}

describe('docs/reliability.md', () => {
  test('tells of every trouble that is made, and of no second of access after an end', () => {
    expect(rowsOf('ends-on-time')).toEqual(TROUBLES.map(({ name }) => [name, '0', '0']))
  })

  test('tells of flows that there are, each with all its points and none that went wrong', () => {
    const rows = rowsOf('crash-matrix')
    const told = rows.map(([flow]) => flow)

    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual(FLOWS.map(({ name }) => name).filter((name) => told.includes(name)))
    for (const [, killed, unheard, wrong] of rows) {
      expect([Number(killed) > 10, Number(unheard) > 10, wrong]).toEqual([true, true, '0'])
    }
  })

  test('tells what the oracle said of every bug', () => {
    expect(rowsOf('bugs').map(([bug]) => bug)).toEqual(MUTANTS.map(({ name }) => name))
    expect(rowsOf('bugs').filter(([, said]) => !said?.startsWith('step '))).toEqual([])
  })

  test('names commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const named = [...DOC.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script)

    expect(new Set(named)).toEqual(new Set(['reliability', 'test:full', 'simulate']))
    for (const script of named) expect(scripts).toHaveProperty([script ?? ''])
  })
})
