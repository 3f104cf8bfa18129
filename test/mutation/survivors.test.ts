import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { GROUPS } from './groups.ts'
import { countOf, judgeSurvivors, noticedIn, readSurvivors, survivorsOf } from './survivors.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const report = (status: string, statusReason = '') => ({
  files: {
    'src/a.ts': {
      source: 'one\n  two + three\n',
      mutants: [
        {
          status,
          statusReason,
          replacement: 'two',
          location: { start: { line: 2, column: 3 }, end: { line: 2, column: 14 } },
        },
      ],
    },
  },
})
const SURVIVOR = { file: 'src/a.ts', line: 'two + three', at: 1, original: 'two + three', replacement: 'two' }

describe('the list of changes that no test notices', () => {
  test('holds lines that stand in the files that are changed, each with its kind and a sentence', () => {
    const files = GROUPS.flatMap(({ files }) => files)
    for (const { file, line, original, kind, why } of readSurvivors()) {
      expect(files).toContain(file)
      const source = read(file)
      expect(source.split('\n').map((text) => text.trim())).toContain(line)
      expect(source).toContain(original)
      expect(['equivalent', 'wording']).toContain(kind)
      expect(why).toMatch(/^[A-Z].{20,}\.$/)
    }
  })

  test('has each change once', () => {
    const keys = readSurvivors().map(({ file, line, at, original, replacement }) =>
      JSON.stringify([file, line, at, original, replacement]),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('a run', () => {
  test('takes what survived, what no test covers and what could not be run for survivors, by what stands there', () => {
    for (const status of ['Survived', 'NoCoverage', 'RuntimeError'])
      expect(survivorsOf(report(status))).toEqual([SURVIVOR])
    for (const status of ['Killed', 'Timeout']) expect(survivorsOf(report(status))).toEqual([])
  })

  test('takes a change for noticed where a file of tests can not even be loaded with it', () => {
    const reason = 'An error occurred outside of a test run: Error: a check without code and fix'
    expect(survivorsOf(report('RuntimeError', reason))).toEqual([])
    expect(countOf(report('RuntimeError', reason))).toMatchObject([{ noticed: 1, survived: 0 }])
  })

  test('tries again what an earlier one did not notice', () => {
    expect(countOf(noticedIn(report('Survived')))).toMatchObject([{ all: 0 }])
    expect(noticedIn(report('Killed'))).toEqual(report('Killed'))
  })

  test('fails for a survivor that is not in the list, and for one in the list that is none any more', () => {
    const listed = { ...SURVIVOR, kind: 'equivalent', why: 'It is the same.' } as const
    expect(judgeSurvivors([SURVIVOR], [listed])).toEqual({ unlisted: [], stale: [] })
    expect(judgeSurvivors([SURVIVOR], [])).toEqual({ unlisted: [SURVIVOR], stale: [] })
    expect(judgeSurvivors([], [listed])).toEqual({ unlisted: [], stale: [listed] })
    const other = { ...SURVIVOR, replacement: 'three' }
    expect(judgeSurvivors([other], [listed])).toEqual({ unlisted: [other], stale: [listed] })
  })
})
