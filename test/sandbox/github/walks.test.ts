/** What is found without asking git, in histories of files of every shape, held against git's own answers. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Git, initRepository, NO_OBJECT } from '../../../src/sandbox/github/git.ts'
import { writeFiles } from '../../../src/sandbox/github/git-tree.ts'

const PATHS = ['a', 'b', 'd/a', 'd/b', 'd/e/a', 'f/a', 'f']
const FOLDERS = ['d', 'd/e']

interface Drawn {
  /** How far back each parent lies. */
  readonly parents: readonly number[]
  /** What is in each file; 0: it is not there. */
  readonly contents: readonly number[]
}

const drawn = fc.record({
  parents: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 }),
  contents: fc.array(fc.nat(2), { minLength: PATHS.length, maxLength: PATHS.length }),
})
const histories = fc.array(drawn, { minLength: 3, maxLength: 9 })

const FULL = process.env.FULL === '1'

let git: Git
beforeAll(async () => {
  git = await initRepository(await mkdtemp(join(tmpdir(), 'walks-')), 'main', '/nowhere')
})
afterAll(async () => {
  git.close()
  await rm(git.directory, { recursive: true })
})

/** Long enough that git takes one for the other where both are alike, and merges lines that lie apart. */
function text(content: number): string {
  return Array.from({ length: 12 }, (_, line) => `line ${line}${line === content ? ' changed' : ''}\n`).join(
    '',
  )
}

async function write(history: readonly Drawn[]): Promise<readonly string[]> {
  const shas: string[] = []
  const who = { name: 'A', email: 'a@example.com', seconds: 1_700_000_000 }
  for (const [place, { parents, contents }] of history.entries()) {
    const files = Object.fromEntries(
      PATHS.flatMap((path, index) => (contents[index] ? [[path, text(contents[index])]] : [])),
    )
    // A name is a file or a folder.
    if (files['f/a'] !== undefined) delete files.f
    const before = parents.flatMap((back) => shas.at(-back) ?? [])
    shas.push(
      await git.writeCommit({
        tree: await writeFiles(git, files),
        parents: [...new Set(before)],
        author: who,
        committer: who,
        message: `commit ${place}\n`,
      }),
    )
  }
  return shas
}

function ask(...args: string[]): string[] {
  return execFileSync('git', args, { cwd: git.directory, encoding: 'utf8' }).split('\n').filter(Boolean)
}

/** Undefined where they conflict. */
function mergedByGit(ours: string, theirs: string): string | undefined {
  try {
    return ask('merge-tree', '--write-tree', '--no-messages', ours, theirs)[0]
  } catch {
    return undefined
  }
}

describe('in histories of every shape', () => {
  test('what changed a file or a folder is what git says', async () => {
    const paths = fc.constantFrom(...PATHS, ...FOLDERS, 'nowhere')
    await fc.assert(
      fc.asyncProperty(histories, paths, async (history, path) => {
        const head = (await write(history)).at(-1) ?? ''
        const told = ask('rev-list', '--topo-order', head, '--', `:(literal)${path}`)

        expect(await git.history([head], { path })).toEqual(told)
        expect(await git.history([head], { path, skip: 1, limit: 2 })).toEqual(told.slice(1, 3))
      }),
      { numRuns: FULL ? 60 : 15, seed: 11 },
    )
  })

  test('all that led to a commit is what git says', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const head = (await write(history)).at(-1) ?? ''

        expect(await git.history([head])).toEqual(ask('rev-list', '--topo-order', head))
      }),
      { numRuns: FULL ? 20 : 6, seed: 12 },
    )
  })

  test('a merge comes to the tree that git comes to, and to none where git finds a conflict', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), async (history, one, other) => {
        const shas = await write(history)
        const [ours = '', theirs = ''] = [shas[one % shas.length], shas[other % shas.length]]
        if (ask('rev-list', '--max-parents=0', ours, theirs).length > 1) return

        expect(await git.mergeTree(ours, theirs)).toBe(mergedByGit(ours, theirs))
      }),
      { numRuns: FULL ? 100 : 25, seed: 13 },
    )
  })
})

test('names that are no text stay as they are', async () => {
  const who = { name: 'A', email: 'a@example.com', seconds: 1_700_000_000 }
  const blob = await git.writeBlob(Buffer.from('a'))
  const treeWith = (...names: Buffer[]) =>
    execFileSync('git', ['mktree', '-z'], {
      cwd: git.directory,
      input: Buffer.concat(
        names.flatMap((name) => [Buffer.from(`100644 blob ${blob}\t`), name, Buffer.from([0])]),
      ),
      encoding: 'utf8',
    }).trim()
  const commit = async (tree: string, ...parents: string[]) =>
    git.writeCommit({ tree, parents, author: who, committer: who, message: 'x\n' })
  const odd = Buffer.from([0x63, 0xe9])
  const base = await commit(treeWith(odd))
  const [one, other] = await Promise.all(
    ['one', 'other'].map((name) => commit(treeWith(odd, Buffer.from(name)), base)),
  )
  if (one === undefined || other === undefined) throw new Error('nothing was committed')

  expect(await git.mergeTree(one, other)).toBe(mergedByGit(one, other))
})

test('a ref that moved behind its back is found again after the refusal that comes of it', async () => {
  const [first = '', second = '', third = ''] = await write([
    { parents: [1], contents: [1, 0, 0, 0, 0, 0, 0] },
    { parents: [1], contents: [2, 0, 0, 0, 0, 0, 0] },
    { parents: [1], contents: [0, 1, 0, 0, 0, 0, 0] },
  ])
  const ref = 'refs/heads/moved'
  const move = (before: string, after: string) => git.updateRefs([{ ref, before, after }])
  expect(await move(NO_OBJECT, first)).toBe(true)
  await git.refs()
  ask('update-ref', ref, second)

  expect(await move(first, third)).toBe(false)
  expect(await git.refSha(ref)).toBe(second)
  expect(await move(second, third)).toBe(true)
})

/** One side has moved a folder, the other adds to it where it was. */
test('what is added to a folder that was moved is left to git', async () => {
  const who = { name: 'A', email: 'a@example.com', seconds: 1_700_000_000 }
  const commit = async (files: Record<string, string>, ...parents: string[]) =>
    git.writeCommit({
      tree: await writeFiles(git, files),
      parents,
      author: who,
      committer: who,
      message: 'x\n',
    })
  const base = await commit({ 'old/a': text(1), 'old/b': text(2) })
  const moved = await commit({ 'new/a': text(1), 'new/b': text(2) }, base)
  const added = await commit({ 'old/a': text(1), 'old/b': text(2), 'old/c': 'c\n' }, base)

  expect(await git.mergeTree(moved, added)).toBe(mergedByGit(moved, added))
})
