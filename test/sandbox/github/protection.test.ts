import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, SEED, startBench } from './bench.ts'
import { addBranch, approve, GUARDED, OPEN, pass, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

const merge = (login: string, pull_number: number) => bench.as(login).pulls.merge({ ...GUARDED, pull_number })

describe('the rules of a protected branch', () => {
  test('refuse a merge until an owner has approved and the check has passed', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'asked')
    expect(await refusal(merge('alice', pull.number))).toMatchObject({
      status: 405,
      message: expect.stringMatching(/approving review.*code owner.*"Daypass \/ request" is expected/s),
    })
    await approve(bench.as('olivia'), GUARDED, pull.number)
    expect(await refusal(merge('alice', pull.number))).toMatchObject({
      status: 405,
      message:
        'Repository rule violations found\n\nRequired status check "Daypass / request" is expected.\n\n',
    })
    const { data: blocked } = await bench.as('alice').pulls.get({ ...GUARDED, pull_number: pull.number })
    expect(blocked.mergeable_state).toBe('blocked')
    await pass(await bench.asApp(), GUARDED, pull.head.sha)
    expect((await merge('alice', pull.number)).data.merged).toBe(true)
  })

  test('do not take a writer who owns nothing for a code owner', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'not-owned')
    await pass(await bench.asApp(), GUARDED, pull.head.sha)
    await approve(bench.as('mallory'), GUARDED, pull.number)
    expect(await refusal(merge('alice', pull.number))).toMatchObject({
      message: 'Repository rule violations found\n\nWaiting on code owner review.\n\n',
    })
  })

  test('count members of a child team as owners, and the last matching line alone', async () => {
    const docs = await propose(bench.as('alice'), GUARDED, 'docs', 'docs/new.md')
    await pass(await bench.asApp(), GUARDED, docs.head.sha)
    await approve(bench.as('olivia'), GUARDED, docs.number)
    expect(await refusal(merge('alice', docs.number))).toMatchObject({ status: 405 })
    await approve(bench.as('oscar'), GUARDED, docs.number)
    await merge('alice', docs.number)
    const other = await propose(bench.as('alice'), GUARDED, 'nested')
    await pass(await bench.asApp(), GUARDED, other.head.sha)
    await approve(bench.as('oscar'), GUARDED, other.number)
    expect((await merge('alice', other.number)).status).toBe(200)
  })

  test('do not count a reader, nor let the last word of an owner be overridden by a comment', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'words')
    const { number: pull_number } = pull
    await pass(await bench.asApp(), GUARDED, pull.head.sha)
    await approve(bench.as('rita'), GUARDED, pull_number)
    expect(await refusal(merge('alice', pull_number))).toMatchObject({ status: 405 })
    await approve(bench.as('olivia'), GUARDED, pull_number)
    await bench
      .as('olivia')
      .pulls.createReview({ ...GUARDED, pull_number, event: 'COMMENT', body: 'a thought' })
    expect((await merge('alice', pull_number)).status).toBe(200)
  })

  test('stop a merge while a change request stands', async () => {
    const { number: pull_number, head } = await propose(bench.as('alice'), GUARDED, 'objected')
    await pass(await bench.asApp(), GUARDED, head.sha)
    await approve(bench.as('olivia'), GUARDED, pull_number)
    const objected = await bench
      .as('oscar')
      .pulls.createReview({ ...GUARDED, pull_number, event: 'REQUEST_CHANGES', body: 'No' })
    expect(await refusal(merge('alice', pull_number))).toMatchObject({
      message: expect.stringContaining('Changes have been requested'),
    })
    const review_id = objected.data.id
    await bench.as('olivia').pulls.dismissReview({ ...GUARDED, pull_number, review_id, message: 'Settled' })
    expect((await merge('alice', pull_number)).status).toBe(200)
  })

  test('let nobody approve what they opened', async () => {
    const pull = await propose(bench.as('olivia'), GUARDED, 'own')
    expect(await refusal(approve(bench.as('olivia'), GUARDED, pull.number))).toMatchObject({
      status: 422,
      errors: ['Can not approve your own pull request'],
    })
    const app = await bench.asApp()
    const byApp = await propose(app, GUARDED, 'own-of-the-app')
    expect(await refusal(approve(app, GUARDED, byApp.number))).toMatchObject({ status: 422 })
  })

  test('dismiss approvals when the branch is pushed to', async () => {
    const { number: pull_number } = await propose(bench.as('alice'), GUARDED, 'stale')
    const review = await approve(bench.as('olivia'), GUARDED, pull_number)
    const from = (await bench.delivered()).length
    const { commit } = await putFile(bench.as('alice'), GUARDED, 'stale', 'late.txt', 'late\n')
    await pass(await bench.asApp(), GUARDED, commit)
    const { data } = await bench
      .as('alice')
      .pulls.getReview({ ...GUARDED, pull_number, review_id: review.id })
    expect(data).toMatchObject({ state: 'DISMISSED', commit_id: review.commit_id })
    expect(await refusal(merge('alice', pull_number))).toMatchObject({ status: 405 })
    const events = (await bench.delivered()).slice(from).map(({ event, action }) => `${event}.${action}`)
    expect(events).toContain('pull_request_review.dismissed')
  })

  test('take a required check only from the newest commit, and never from a commit status', async () => {
    const pull = await propose(bench.as('alice'), GUARDED, 'forged')
    await approve(bench.as('olivia'), GUARDED, pull.number)
    await bench.as('alice').repos.createCommitStatus({
      ...GUARDED,
      sha: pull.head.sha,
      state: 'success',
      context: 'Daypass / request',
    })
    expect(await refusal(merge('alice', pull.number))).toMatchObject({ status: 405 })
    const app = await bench.asApp()
    const check = (conclusion: 'success' | 'failure' | 'skipped') =>
      app.checks.create({ ...GUARDED, name: 'Daypass / request', head_sha: pull.head.sha, conclusion })
    await check('success')
    await check('failure')
    expect(await refusal(merge('alice', pull.number))).toMatchObject({ status: 405 })
    await check('skipped')
    expect((await merge('alice', pull.number)).status).toBe(200)
  })

  test('can be passed by the app, which is a bypass actor, and not by an administrator, who is none', async () => {
    const app = await bench.asApp()
    const pull = await propose(app, GUARDED, 'revert')
    expect(await refusal(merge('root', pull.number))).toMatchObject({ status: 405 })
    const { data } = await app.pulls.merge({ ...GUARDED, pull_number: pull.number, sha: pull.head.sha })
    const { data: merged } = await app.pulls.get({ ...GUARDED, pull_number: pull.number })
    expect(merged).toMatchObject({
      merged: true,
      merge_commit_sha: data.sha,
      merged_by: { login: 'daypass[bot]' },
    })
  })

  test('refuse contents, ref updates and deletion for everyone, the app and administrators too', async () => {
    for (const who of [bench.as('alice'), bench.as('root'), await bench.asApp()]) {
      expect(await refusal(putFile(who, GUARDED, 'main', 'direct.txt', 'x'))).toMatchObject({ status: 409 })
      const sha = await addBranch(who, GUARDED, `b${Math.floor(performance.now() * 1000)}`)
      const commit = await who.git.getCommit({ ...GUARDED, commit_sha: sha })
      const next = await who.git.createCommit({
        ...GUARDED,
        message: 'Next',
        tree: commit.data.tree.sha,
        parents: [sha],
      })
      const update = { ...GUARDED, ref: 'heads/main', sha: next.data.sha }
      expect(await refusal(who.git.updateRef(update))).toMatchObject({ status: 422 })
      expect(await refusal(who.git.updateRef({ ...update, force: true }))).toMatchObject({ status: 422 })
      expect(await refusal(who.git.deleteRef({ ...GUARDED, ref: 'heads/main' }))).toMatchObject({
        status: 422,
      })
    }
  })

  test('are shown as rules of the branch, the bypass only to administrators', async () => {
    const app = await bench.asApp()
    const { data: rules } = await app.repos.getBranchRules({ ...GUARDED, branch: 'main' })
    expect(rules.map(({ type }) => type)).toEqual([
      'deletion',
      'non_fast_forward',
      'pull_request',
      'required_status_checks',
    ])
    expect((await app.repos.getBranchRules({ ...OPEN, branch: 'main' })).data).toEqual([])
    const { data: rulesets } = await app.repos.getRepoRulesets(GUARDED)
    const ruleset_id = Number(rulesets[0]?.id)
    expect((await app.repos.getRepoRuleset({ ...GUARDED, ruleset_id })).data.bypass_actors).toBeUndefined()
    expect(
      (await bench.as('root').repos.getRepoRuleset({ ...GUARDED, ruleset_id })).data.bypass_actors,
    ).toEqual([{ actor_id: SEED.app.id, actor_type: 'Integration', bypass_mode: 'pull_request' }])
    expect(
      await refusal(bench.as('root').repos.getBranchProtection({ ...GUARDED, branch: 'main' })),
    ).toMatchObject({ status: 404 })
  })
})
