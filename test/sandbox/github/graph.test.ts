/** The walk in this process, held against git's own over the same random histories. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beyond, mergeBases, reachable } from '../../../src/sandbox/github/graph.ts'

/** By the place of a commit, the places of its parents. */
type Shape = readonly (readonly number[])[]

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'graph-'))
  git('init', '--quiet', '--bare')
})
afterAll(() => rmSync(directory, { recursive: true }))

function git(...args: string[]): string[] {
  const told = execFileSync('git', args, { cwd: directory, encoding: 'utf8' })
  return told.split('\n').filter(Boolean)
}

const shapes = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 2, maxLength: 12 })
  .map(
    (drawn): Shape =>
      drawn.map((parents, place) =>
        place === 0 ? [] : [...new Set(parents.map((parent) => place - 1 - (parent % Math.min(place, 4))))],
      ),
  )

/** Writes the history with git itself, and returns its commits by their places. */
function write(shape: Shape): readonly string[] {
  const commits = shape.map((parents, place) =>
    [
      `commit refs/heads/drawn`,
      `mark :${place + 1}`,
      'committer A <a@example.com> 1700000000 +0000',
      'data 0',
      ...(place === 0 ? ['deleteall'] : []),
      ...parents.map((parent, index) => `${index === 0 ? 'from' : 'merge'} :${parent + 1}`),
      `M 100644 inline place\ndata ${String(place).length}\n${place}`,
      '',
    ].join('\n'),
  )
  const marks = join(directory, 'marks')
  const resets = commits.map((commit) => `reset refs/heads/drawn\n\n${commit}`)
  execFileSync('git', ['fast-import', '--quiet', '--force', `--export-marks=${marks}`], {
    cwd: directory,
    input: resets.join('\n'),
  })
  const told = new Map(
    execFileSync('cat', [marks], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.slice(1).split(' '))
      .map(([mark, sha]) => [Number(mark), sha ?? '']),
  )
  return shape.map((_, place) => told.get(place + 1) ?? '')
}

describe('in histories of every shape', () => {
  test('what a commit has beyond another, and what they have in common, is what git says', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), fc.nat(), async (shape, one, other) => {
        const shas = write(shape)
        const places = new Map(shas.map((sha, place) => [sha, place]))
        const read = async (sha: string) => ({
          parents: (shape[places.get(sha) ?? -1] ?? []).map((parent) => shas[parent] ?? ''),
        })
        const [a = '', b = ''] = [shas[one % shas.length], shas[other % shas.length]]

        expect(await beyond(read, a, [b])).toEqual(git('rev-list', '--topo-order', a, `^${b}`))
        const bases = await mergeBases(read, a, b)
        expect([...(bases ?? [])].sort()).toEqual(basesBy(a, b).sort())
      }),
      { numRuns: process.env.FULL ? 25 : 8, seed: 5 },
    )
  })
})

/** Git ends with 1 where they have nothing in common. */
function basesBy(a: string, b: string): string[] {
  try {
    return git('merge-base', '--all', a, b)
  } catch {
    return []
  }
}

test('a long history is left to git', async () => {
  const read = async (sha: string) => ({ parents: sha === '0' ? [] : [String(Number(sha) - 1)] })

  expect((await reachable(read, '400'))?.size).toBe(401)
  expect(await reachable(read, '600')).toBeUndefined()
  expect(await beyond(read, '600', ['599'])).toBeUndefined()
  expect(await mergeBases(read, '600', '599')).toBeUndefined()
})
