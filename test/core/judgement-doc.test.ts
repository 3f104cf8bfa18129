import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../src/core/approval-checks.ts'
import { UNCOUNTED_REASONS } from '../../src/core/approvals.ts'
import { TRUST_CHECKS } from '../../src/core/trust.ts'

const page = readFileSync(new URL('../../docs/judgement.md', import.meta.url), 'utf8')

/** The rows of the table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

describe('the page that documents the judgement', () => {
  it('lists the checks in the order in which they are asked, with their words', () => {
    expect(rowsBelow('The checks')).toEqual(
      CHECKS.map(({ code, sentence, fix, outcome, stage }) => [
        `\`${code}\``,
        sentence,
        fix,
        outcome,
        stage === 'any' ? 'before and after the merge' : 'after the merge',
      ]),
    )
  })

  it('lists why an approval does not count', () => {
    expect(rowsBelow('Which approvals count')).toEqual(
      Object.entries(UNCOUNTED_REASONS).map(([code, why]) => [`\`${code}\``, why]),
    )
  })

  it('lists what the trust root needs', () => {
    expect(rowsBelow('The trust root')).toEqual(
      TRUST_CHECKS.map(({ code, sentence }) => [`\`${code}\``, sentence]),
    )
  })

  it('gives every code once, in kebab-case', () => {
    const codes = [...CHECKS, ...TRUST_CHECKS].map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    for (const code of [...codes, ...Object.keys(UNCOUNTED_REASONS)])
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  it('says that four checks ask again, and all others are final', () => {
    expect(CHECKS.filter(({ outcome }) => outcome === 'unknown').map(({ code }) => code)).toEqual([
      'trust-root-broken',
      'merge-incomplete',
      'commits-incomplete',
      'fallback-untold',
    ])
  })
})
