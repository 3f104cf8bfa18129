import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, startBench } from './bench.ts'
import { addBranch, approve, GUARDED, OPEN, pass, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  for (const place of [GUARDED, OPEN])
    await bench.as('root').repos.update({ ...place, allow_auto_merge: true })
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

const ENABLE = `mutation ($pull: ID!, $by: PullRequestMergeMethod) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: $by}) {
    pullRequest { number autoMergeRequest { mergeMethod by: enabledBy { login } } }
  }
}`
const DISABLE = `mutation Off($pull: ID!) {
  off: disablePullRequestAutoMerge(input: {pullRequestId: $pull, clientMutationId: "x"}) { clientMutationId }
}`

const enable = (login: string, pull: { node_id: string }, method = 'SQUASH') =>
  bench.as(login).graphql(ENABLE, { pull: pull.node_id, by: method })
const look = async (pull_number: number, place = GUARDED) =>
  (await bench.as('root').pulls.get({ ...place, pull_number })).data
const approveAndPass = async (number: number, sha: string) => {
  await pass(await bench.asApp(), GUARDED, sha)
  await approve(bench.as('olivia'), GUARDED, number)
}

describe('auto-merge', () => {
  test('merges in the name of whoever switched it on, as soon as the rules are met', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'awaited')
    expect(await enable('mallory', pull)).toEqual({
      enablePullRequestAutoMerge: {
        pullRequest: {
          number: pull.number,
          autoMergeRequest: { mergeMethod: 'SQUASH', by: { login: 'mallory' } },
        },
      },
    })
    expect(await look(pull.number)).toMatchObject({
      merged: false,
      auto_merge: { enabled_by: { login: 'mallory' }, merge_method: 'squash' },
    })

    await approveAndPass(pull.number, pull.head.sha)

    const merged = await look(pull.number)
    expect(merged).toMatchObject({ merged: true, merged_by: { login: 'mallory' } })
    const { data: commit } = await bench
      .as('root')
      .repos.getCommit({ ...GUARDED, ref: String(merged.merge_commit_sha) })
    expect(commit.parents).toHaveLength(1)
    const told = (await bench.delivered()).filter(({ event }) => event === 'pull_request')
    expect(told.map(({ action }) => action).filter((action) => action !== 'synchronize')).toEqual([
      'opened',
      'auto_merge_enabled',
      'closed',
    ])
  })

  test('outlasts a push by a writer, whose commits are merged unseen where the rules let them', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'pushed-to')
    await enable('olivia', pull, 'MERGE')
    const { commit } = await putFile(bench.as('alice'), GUARDED, 'pushed-to', 'late.txt', 'late\n')
    await approveAndPass(pull.number, commit)

    expect(await look(pull.number)).toMatchObject({ merged: true, merged_by: { login: 'olivia' } })
  })

  test('ends when somebody without write access pushes, or points it at another base', async () => {
    const rita = bench.as('rita')
    const { data: fork } = await rita.repos.createFork(GUARDED)
    const place = { owner: 'rita', repo: fork.name }
    await addBranch(rita, place, 'offer')
    await putFile(rita, place, 'offer', 'offer.txt', 'one\n')
    const { data: pull } = await rita.pulls.create({
      ...GUARDED,
      title: 'An offer',
      head: 'rita:offer',
      base: 'main',
    })
    await enable('olivia', pull)
    await putFile(rita, place, 'offer', 'more.txt', 'two\n')
    expect((await look(pull.number)).auto_merge).toBeNull()

    await enable('olivia', pull)
    await addBranch(bench.as('alice'), GUARDED, 'other-base')
    await rita.pulls.update({ ...GUARDED, pull_number: pull.number, base: 'other-base' })
    expect((await look(pull.number)).auto_merge).toBeNull()
    const told = (await bench.delivered()).filter(({ action }) => action === 'auto_merge_disabled')
    expect(told).toHaveLength(2)
  })

  test('is switched off again, and ends with the pull request', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'undecided')
    await enable('olivia', pull)
    expect(await bench.as('olivia').graphql(DISABLE, { pull: pull.node_id })).toEqual({
      off: { clientMutationId: 'x' },
    })
    expect((await look(pull.number)).auto_merge).toBeNull()
    await enable('olivia', pull)
    await bench.as('alice').pulls.update({ ...GUARDED, pull_number: pull.number, state: 'closed' })
    expect((await look(pull.number)).auto_merge).toBeNull()
  })

  test('is no way past the rules for the app, which may bypass them', async () => {
    const app = await bench.asApp()
    const pull = await propose(app, GUARDED, 'of-the-app')
    await app.graphql(ENABLE, { pull: pull.node_id, by: 'MERGE' })

    await pass(app, GUARDED, pull.head.sha)

    expect((await look(pull.number)).merged).toBe(false)
  })

  test('is refused in GitHub’s words where there is nothing to wait for, or no right to', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'refused')
    await expect(enable('rita', pull)).rejects.toThrow('Must have write access to Repository.')
    const unprotected = await propose(bench.as('alice'), OPEN, 'unprotected')
    await expect(enable('alice', unprotected)).rejects.toThrow(
      'Pull request Protected branch rules not configured for this branch',
    )
    await approveAndPass(pull.number, pull.head.sha)
    await expect(enable('alice', pull)).rejects.toThrow('Pull request Pull request is in clean status')
    await bench.as('root').repos.update({ ...GUARDED, allow_auto_merge: false })
    await expect(enable('alice', pull)).rejects.toThrow('Auto merge is not allowed for this repository')
    await expect(enable('alice', { node_id: 'x' })).rejects.toThrow('Could not resolve to a node')
    await expect(bench.as('alice').graphql('{ viewer { login } }')).rejects.toThrow(
      'Problems parsing GraphQL',
    )
    expect(await refusal(bench.octokit('nonsense').graphql(DISABLE))).toMatchObject({ status: 401 })
  })
})
