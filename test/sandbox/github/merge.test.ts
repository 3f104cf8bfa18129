import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, startBench } from './bench.ts'
import { OPEN, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  await bench.close()
})

describe('merging by real git', () => {
  test('a merge commit has both sides as parents and the merger as author', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'merged')
    const { data: base } = await bench.as('alice').git.getRef({ ...OPEN, ref: 'heads/main' })
    const { data } = await bench.as('mallory').pulls.merge({ ...OPEN, pull_number: pull.number })
    const { data: commit } = await bench.as('alice').repos.getCommit({ ...OPEN, ref: data.sha })
    expect(commit.parents.map(({ sha }) => sha)).toEqual([base.object.sha, pull.head.sha])
    expect(commit.author?.login).toBe('mallory')
    expect(commit.committer?.login).toBe('web-flow')
    const { data: after } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: pull.number })
    expect(after).toMatchObject({
      state: 'closed',
      merged: true,
      merge_commit_sha: data.sha,
      merged_by: { login: 'mallory' },
    })
    expect(bench.violations).toEqual([])
  })

  test('a squash has one parent, the author of the pull request, and its number in the subject', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'squashed')
    await putFile(bench.as('alice'), OPEN, 'squashed', 'second.txt', 'two\n')
    const { data } = await bench
      .as('mallory')
      .pulls.merge({ ...OPEN, pull_number: pull.number, merge_method: 'squash' })
    const { data: commit } = await bench.as('alice').repos.getCommit({ ...OPEN, ref: data.sha })
    expect(commit.parents).toHaveLength(1)
    expect(commit.author?.login).toBe('alice')
    expect(commit.commit.message).toMatch(
      /^Add squashed \(#\d+\)\n\n\* Write squashed\.txt\n\n\* Write second\.txt$/,
    )
    expect(commit.files?.map(({ filename }) => filename).sort()).toEqual(['second.txt', 'squashed.txt'])
  })

  test('a rebase puts new commits on the tip, and the last of them is the merge commit', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'rebased')
    await putFile(bench.as('alice'), OPEN, 'rebased', 'third.txt', 'three\n')
    const other = await propose(bench.as('mallory'), OPEN, 'meanwhile')
    const { data: tip } = await bench.as('mallory').pulls.merge({ ...OPEN, pull_number: other.number })
    const { data } = await bench
      .as('mallory')
      .pulls.merge({ ...OPEN, pull_number: pull.number, merge_method: 'rebase' })
    const { data: commits } = await bench.as('alice').repos.listCommits({ ...OPEN, per_page: 3 })
    expect(commits.map(({ sha }) => sha)).toEqual([data.sha, commits[0]?.parents[0]?.sha, tip.sha])
    expect(commits.map(({ author }) => author?.login).slice(0, 2)).toEqual(['alice', 'alice'])
    expect(commits[0]?.committer?.login).toBe('mallory')
    const { data: after } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: pull.number })
    expect(after.merge_commit_sha).toBe(data.sha)
    expect(bench.violations).toEqual([])
  })

  test('a conflict makes it not mergeable', async () => {
    const one = await propose(bench.as('alice'), OPEN, 'left', 'same.txt')
    const two = await propose(bench.as('alice'), OPEN, 'right', 'same.txt')
    const { data: fresh } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: two.number })
    expect(fresh).toMatchObject({ mergeable: true, mergeable_state: 'clean' })
    await bench.as('alice').pulls.merge({ ...OPEN, pull_number: one.number })
    const { data: stale } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: two.number })
    expect(stale).toMatchObject({ mergeable: false, mergeable_state: 'dirty' })
    expect(await refusal(bench.as('alice').pulls.merge({ ...OPEN, pull_number: two.number }))).toMatchObject({
      status: 405,
    })
  })

  test('before the merge, merge_commit_sha is a test merge that is on no branch', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'tested')
    expect(pull).toMatchObject({ mergeable: null, merge_commit_sha: null })
    const { data } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: pull.number })
    const { data: commit } = await bench
      .as('alice')
      .repos.getCommit({ ...OPEN, ref: String(data.merge_commit_sha) })
    expect(commit.parents[1]?.sha).toBe(pull.head.sha)
    const { data: compared } = await bench
      .as('alice')
      .repos.compareCommitsWithBasehead({ ...OPEN, basehead: `main...${data.merge_commit_sha}` })
    expect(compared.status).toBe('ahead')
  })

  test('the guard on the head refuses what was pushed to meanwhile', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'guarded-head')
    await putFile(bench.as('mallory'), OPEN, 'guarded-head', 'sneaked.txt', 'in\n')
    const merge = bench.as('alice').pulls.merge({ ...OPEN, pull_number: pull.number, sha: pull.head.sha })
    expect(await refusal(merge)).toMatchObject({
      status: 409,
      message: 'Head branch was modified. Review and try the merge again.',
    })
  })

  test('a reader may not merge', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'not-yours')
    expect(await refusal(bench.as('rita').pulls.merge({ ...OPEN, pull_number: pull.number }))).toMatchObject({
      status: 403,
    })
    expect(bench.violations).toEqual([])
  })
})
