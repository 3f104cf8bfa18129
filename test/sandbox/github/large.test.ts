import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bench, SEED, startBench } from './bench.ts'
import { addBranch, OPEN, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  // Nobody listens: what is large is told at length.
  bench = await startBench({ ...SEED, app: { ...SEED.app, events: [] } })
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

/** A branch with that tree on top of main, and a pull request for it. */
async function proposeTree(branch: string, tree: string) {
  const alice = bench.as('alice')
  const parent = await addBranch(alice, OPEN, branch)
  const { data: commit } = await alice.git.createCommit({ ...OPEN, message: branch, tree, parents: [parent] })
  await alice.git.updateRef({ ...OPEN, ref: `heads/${branch}`, sha: commit.sha })
  return (await alice.pulls.create({ ...OPEN, title: branch, head: branch, base: 'main' })).data
}

/** A tree of so many entries, all of the same object. */
async function treeOf(
  count: number,
  entry: { mode: '100644' | '040000'; type: 'blob' | 'tree'; sha: string },
) {
  const tree = Array.from({ length: count }, (_, index) => ({ path: `n${index}`, ...entry }))
  return (await bench.as('alice').git.createTree({ ...OPEN, tree })).data.sha
}

async function emptyBlob(): Promise<string> {
  return (await bench.as('alice').git.createBlob({ ...OPEN, content: '' })).data.sha
}

test('reviews and comments go on beyond one page, in order', async () => {
  const { number } = await propose(bench.as('alice'), OPEN, 'much-said')
  const olivia = bench.as('olivia')
  const words = Array.from({ length: 101 }, (_, index) => `word ${index}`)
  for (const body of words)
    await Promise.all([
      olivia.pulls.createReview({ ...OPEN, pull_number: number, event: 'COMMENT', body }),
      olivia.issues.createComment({ ...OPEN, issue_number: number, body }),
    ])
  const reviews = { ...OPEN, pull_number: number, per_page: 100 }
  const first = await olivia.pulls.listReviews(reviews)
  expect(first.data.map(({ body }) => body)).toEqual(words.slice(0, 100))
  expect(first.headers.link).toMatch(/page=2>; rel="next".*page=2>; rel="last"/)
  const second = await olivia.pulls.listReviews({ ...reviews, page: 2 })
  expect(second.data.map(({ body }) => body)).toEqual(words.slice(100))
  expect(second.headers.link).toMatch(/page=1>; rel="prev".*page=1>; rel="first"/)
  const comments = await olivia.paginate(olivia.issues.listComments, { ...OPEN, issue_number: number })
  expect(comments.map(({ body }) => body)).toEqual(words)
})

test('a pull request lists 250 commits and no more, and counts them all', async () => {
  await bench.git('clone', '--quiet', bench.remote('alice', 'acme/open'), 'long')
  const git = (...args: string[]) => bench.git('-C', 'long', ...args)
  const base = (await git('rev-parse', 'HEAD')).output
  // One process makes them all.
  const stream = Array.from({ length: 251 }, (_, index) =>
    [
      'commit refs/heads/long',
      `committer Alice <alice@example.com> ${1_700_000_000 + index} +0000`,
      `data <<END\nStep ${index}\nEND`,
      ...(index === 0 ? [`from ${base}`] : []),
      `M 100644 inline steps/${index}.txt\ndata <<END\n${index}\nEND\n`,
    ].join('\n'),
  ).join('\n')
  await writeFile(join(bench.dataDir, 'long.stream'), stream)
  const alias = `alias.import=!git fast-import --quiet < ${join(bench.dataDir, 'long.stream')}`
  expect(await git('-c', alias, 'import')).toEqual({ code: 0, output: '' })
  const tip = (await git('rev-parse', 'long')).output
  expect((await git('push', '--quiet', 'origin', 'long')).code).toBe(0)
  const alice = bench.as('alice')
  const { data: pull } = await alice.pulls.create({ ...OPEN, title: 'Long', head: 'long', base: 'main' })
  expect(pull.commits).toBe(251)
  const commits = await alice.paginate(alice.pulls.listCommits, {
    ...OPEN,
    pull_number: pull.number,
    per_page: 100,
  })
  expect(commits).toHaveLength(250)
  expect(commits[0]?.commit.message).toBe('Step 0')
  expect(commits.at(-1)?.commit.message).toBe('Step 249')
  const compare = { ...OPEN, basehead: `main...${tip}` }
  const { data: compared } = await alice.repos.compareCommitsWithBasehead(compare)
  expect(compared).toMatchObject({ ahead_by: 251, total_commits: 251 })
  expect([compared.commits.length, compared.files?.length]).toEqual([250, 251])
})

test('a pull request lists 3,000 files and no more, and counts them all', async () => {
  const sha = await treeOf(3_001, { mode: '100644', type: 'blob', sha: await emptyBlob() })
  const pull = await proposeTree('wide', sha)
  const alice = bench.as('alice')
  const { data } = await alice.pulls.get({ ...OPEN, pull_number: pull.number })
  expect(data.changed_files).toBeGreaterThan(3_000)
  const pages = { ...OPEN, pull_number: pull.number, per_page: 100 }
  const last = await alice.pulls.listFiles({ ...pages, page: 30 })
  expect(last.data).toHaveLength(100)
  expect(last.headers.link).not.toContain('rel="next"')
  expect((await alice.pulls.listFiles({ ...pages, page: 31 })).data).toEqual([])
})

test('a tree that is too large is cut off, and says so', async () => {
  const folder = await treeOf(1_000, { mode: '100644', type: 'blob', sha: await emptyBlob() })
  const root = await treeOf(40, { mode: '040000', type: 'tree', sha: folder })
  const alice = bench.as('alice')
  const whole = await alice.git.getTree({ ...OPEN, tree_sha: root })
  expect([whole.data.truncated, whole.data.tree.length]).toEqual([false, 40])
  const cut = await alice.git.getTree({ ...OPEN, tree_sha: root, recursive: '1' })
  expect(cut.data.truncated).toBe(true)
  expect(cut.data.tree.length).toBeLessThan(40_040)
  expect(JSON.stringify(cut.data.tree).length).toBeLessThan(7.1 * 1024 * 1024)
})

test('an update of a branch is refused where it conflicts, or another head was expected', async () => {
  const alice = bench.as('alice')
  const { number: pull_number, head } = await propose(alice, OPEN, 'left', 'both.txt')
  const wrong = alice.pulls.updateBranch({
    ...OPEN,
    pull_number,
    expected_head_sha: head.sha.replace(/./g, 'a'),
  })
  expect(await refusal(wrong)).toMatchObject({ status: 422 })
  await putFile(alice, OPEN, 'main', 'both.txt', 'another\n')
  expect(await refusal(alice.pulls.updateBranch({ ...OPEN, pull_number }))).toMatchObject({
    status: 422,
    message: 'merge conflict between base and head',
  })
  expect((await alice.pulls.get({ ...OPEN, pull_number })).data.mergeable_state).toBe('dirty')
})
