import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** In the order of the page; each is one heading there. */
const MODULES = [
  'approvals',
  'logins',
  'merges',
  'extensions',
  'fallback',
  'branch',
  'trust-root',
  'paths',
  'contents',
  'forgeries',
]

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const page = read('../docs/security.md')

/** Every attack is declared by its name and its end, both written out. */
const DECLARED = /\b(?:attack|at|say|prefixed|asking)\(\s*(['"])((?:(?!\1).)+)\1,\s*'([a-z-]+)'/g

function attacksOf(module: string): [string, string][] {
  const source = read(`./attacks/${module}.ts`)
  return [...source.matchAll(DECLARED)].map(([, , name = '', end = '']) => [name, `\`${end}\``])
}

function rowsOf(module: string): string[][] {
  const section = page.split(/^### /m).find((text) => text.includes(`attacks/${module}.ts`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && line.endsWith('` |'))
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

test.each(MODULES)('the catalogue names every attack of %s, with its end, and no other', (module) => {
  const attacks = attacksOf(module)
  expect(attacks.length).toBeGreaterThan(5)
  expect(rowsOf(module)).toEqual(attacks)
})

test('no attack is declared in a way that the catalogue would not see', () => {
  for (const module of MODULES) {
    const source = read(`./attacks/${module}.ts`)
    const calls = [...source.matchAll(/^\s*(?:attack|at|say|prefixed|asking)\(/gm)]
    // What hands a name on to `attack` names nothing itself.
    const handedOn = [...source.matchAll(/^\s*(?:attack|say)\((?:name|\s*name), end/gm)]
    expect(calls.length - handedOn.length, module).toBe(attacksOf(module).length)
  }
})
