import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, SEED, startBench } from './bench.ts'
import { addBranch, approve, OPEN, pass, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

describe('contents', () => {
  test('are guarded by the blob they are meant to replace', async () => {
    const alice = bench.as('alice')
    const first = await putFile(alice, OPEN, 'main', 'guarded.txt', 'one\n')
    expect(await refusal(putFile(alice, OPEN, 'main', 'guarded.txt', 'two\n'))).toMatchObject({ status: 422 })
    await putFile(alice, OPEN, 'main', 'guarded.txt', 'two\n', first.blob)
    expect(await refusal(putFile(alice, OPEN, 'main', 'guarded.txt', 'three\n', first.blob))).toMatchObject({
      status: 409,
    })
    const gone = { ...OPEN, path: 'guarded.txt', message: 'Take it away', branch: 'main' }
    expect(await refusal(alice.repos.deleteFile({ ...gone, sha: first.blob }))).toMatchObject({ status: 409 })
    const { data } = await alice.repos.getContent({ ...OPEN, path: 'guarded.txt' })
    await alice.repos.deleteFile({ ...gone, sha: 'sha' in data ? data.sha : '' })
    expect(await refusal(alice.repos.getContent({ ...OPEN, path: 'guarded.txt' }))).toMatchObject({
      status: 404,
    })
  })

  test('read as files, folders and raw text, at any commit', async () => {
    const alice = bench.as('alice')
    const { data: file } = await alice.repos.getContent({ ...OPEN, path: 'docs/guide.md' })
    expect(file).toMatchObject({ type: 'file', encoding: 'base64', size: 8 })
    const { data: folder } = await alice.repos.getContent({ ...OPEN, path: 'docs' })
    expect(folder).toMatchObject([{ name: 'guide.md', path: 'docs/guide.md', type: 'file' }])
    const raw = await alice.repos.getContent({ ...OPEN, path: 'docs/guide.md', mediaType: { format: 'raw' } })
    expect(raw.data).toBe('A guide\n')
    expect(
      await refusal(alice.repos.getContent({ ...OPEN, path: 'README.md', ref: 'nowhere' })),
    ).toMatchObject({ status: 404 })
  })

  test('bear the name of whoever called, or any name that was claimed', async () => {
    const { commit } = await putFile(bench.as('alice'), OPEN, 'main', 'mine.txt', 'x\n')
    const { data: own } = await bench.as('alice').repos.getCommit({ ...OPEN, ref: commit })
    expect(own).toMatchObject({ author: { login: 'alice' }, commit: { verification: { verified: false } } })
    const claimed = await bench.as('mallory').repos.createOrUpdateFileContents({
      ...OPEN,
      path: 'claimed.txt',
      message: 'Not me',
      content: '',
      author: { name: 'Olivia', email: 'olivia@example.com' },
    })
    const { data: forged } = await bench
      .as('alice')
      .repos.getCommit({ ...OPEN, ref: String(claimed.data.commit.sha) })
    expect(forged.author?.login).toBe('olivia')
    const unknown = { name: 'Nobody', email: 'nobody@example.org' }
    const foreign = await bench.as('mallory').repos.createOrUpdateFileContents({
      ...OPEN,
      path: 'foreign.txt',
      message: 'x',
      content: '',
      author: unknown,
      committer: unknown,
    })
    const { data } = await bench
      .as('alice')
      .repos.getCommit({ ...OPEN, ref: String(foreign.data.commit.sha) })
    expect(data).toMatchObject({ author: null, committer: null })
  })

  test('written by the app are signed by GitHub, unless it claims another name', async () => {
    const app = await bench.asApp()
    const { commit } = await putFile(app, OPEN, 'main', 'signed.txt', 'x\n')
    const { data } = await app.repos.getCommit({ ...OPEN, ref: commit })
    expect(data).toMatchObject({
      author: { login: 'daypass[bot]' },
      commit: { verification: { verified: true } },
    })
    const custom = await app.repos.createOrUpdateFileContents({
      ...OPEN,
      path: 'unsigned.txt',
      message: 'x',
      content: '',
      author: { name: 'Someone', email: 'someone@example.org' },
    })
    expect(custom.data.commit.verification?.verified).toBe(false)
  })

  test('refuse paths that git could not check out', async () => {
    for (const path of ['a/../b', '.git/config', 'a//b']) {
      const put = bench
        .as('alice')
        .request('PUT /repos/acme/open/contents/{path}', { path, message: 'x', content: '' })
      expect((await refusal(put)).status).toBeGreaterThanOrEqual(404)
    }
  })
})

describe('the git database', () => {
  test('builds commits out of blobs and trees, symlinks and submodules too', async () => {
    const alice = bench.as('alice')
    const parent = await addBranch(alice, OPEN, 'built')
    const base = (await alice.git.getCommit({ ...OPEN, commit_sha: parent })).data.tree.sha
    const blob = (
      await alice.git.createBlob({
        ...OPEN,
        content: Buffer.from('bytes').toString('base64'),
        encoding: 'base64',
      })
    ).data.sha
    const tree = await alice.git.createTree({
      ...OPEN,
      base_tree: base,
      tree: [
        { path: 'deep/er/file.bin', mode: '100755', type: 'blob', sha: blob },
        { path: 'link', mode: '120000', type: 'blob', content: 'docs/guide.md' },
        { path: 'module', mode: '160000', type: 'commit', sha: parent },
        { path: 'docs/guide.md', mode: '100644', type: 'blob', sha: null },
      ],
    })
    const commit = await alice.git.createCommit({
      ...OPEN,
      message: 'Build',
      tree: tree.data.sha,
      parents: [parent],
    })
    await alice.git.updateRef({ ...OPEN, ref: 'heads/built', sha: commit.data.sha })
    const { data } = await alice.git.getTree({ ...OPEN, tree_sha: 'built', recursive: 'true' })
    expect(data.tree.map(({ path, mode, type }) => `${mode} ${type} ${path}`)).toEqual(
      [
        '040000 tree .github',
        '100644 blob .github/CODEOWNERS',
        ...(await mainFiles()),
        '040000 tree deep',
        '040000 tree deep/er',
        '100755 blob deep/er/file.bin',
        '120000 blob link',
        '160000 commit module',
      ].sort(byPath),
    )
    const { data: link } = await alice.repos.getContent({ ...OPEN, path: 'link', ref: 'built' })
    expect(link).toMatchObject({ type: 'symlink', target: 'docs/guide.md' })
    const { data: module } = await alice.repos.getContent({ ...OPEN, path: 'module', ref: 'built' })
    expect(module).toMatchObject({ type: 'submodule' })
    expect(
      Buffer.from((await alice.git.getBlob({ ...OPEN, file_sha: blob })).data.content, 'base64').toString(),
    ).toBe('bytes')
  })

  const byPath = (a: string, b: string) => {
    const path = (line: string) => line.split(' ')[2] ?? ''
    return path(a) < path(b) ? -1 : 1
  }

  async function mainFiles(): Promise<string[]> {
    const { data } = await bench.as('alice').git.getTree({ ...OPEN, tree_sha: 'main' })
    return data.tree.filter(({ type }) => type === 'blob').map(({ path }) => `100644 blob ${path}`)
  }

  test('moves refs forward only, unless forced', async () => {
    const alice = bench.as('alice')
    const start = await addBranch(alice, OPEN, 'moved')
    const { commit } = await putFile(alice, OPEN, 'moved', 'moved.txt', 'x\n')
    const back = { ...OPEN, ref: 'heads/moved', sha: start }
    expect(await refusal(alice.git.updateRef(back))).toMatchObject({
      status: 422,
      message: 'Update is not a fast forward',
    })
    await alice.git.updateRef({ ...back, force: true })
    const { data } = await alice.repos.listActivities({ ...OPEN, ref: 'moved' })
    expect(data[0]).toMatchObject({ activity_type: 'force_push', before: commit, after: start })
    const taken = alice.git.createRef({ ...OPEN, ref: 'refs/heads/moved', sha: start })
    expect(await refusal(taken)).toMatchObject({ status: 422, message: 'Reference already exists' })
    const bad = alice.git.createRef({ ...OPEN, ref: 'refs/heads/bad..name', sha: start })
    expect(await refusal(bad)).toMatchObject({ status: 422 })
    const { data: matching } = await alice.git.listMatchingRefs({ ...OPEN, ref: 'heads/mov' })
    expect(matching.map(({ ref }) => ref)).toEqual(['refs/heads/moved'])
  })

  test('compares branches', async () => {
    const alice = bench.as('alice')
    await addBranch(alice, OPEN, 'compared')
    await putFile(alice, OPEN, 'compared', 'here.txt', 'x\n')
    const compare = async (basehead: string) =>
      (await alice.repos.compareCommitsWithBasehead({ ...OPEN, basehead })).data
    expect(await compare('main...compared')).toMatchObject({ status: 'ahead', ahead_by: 1, behind_by: 0 })
    expect((await compare('compared...main')).status).toBe('behind')
    expect((await compare('main...main')).status).toBe('identical')
    await putFile(alice, OPEN, 'main', 'there.txt', 'x\n')
    const diverged = await compare('main...compared')
    expect(diverged).toMatchObject({ status: 'diverged', files: [{ filename: 'here.txt', status: 'added' }] })
  })

  test('shows renames and patches of a pull request', async () => {
    const alice = bench.as('alice')
    const parent = await addBranch(alice, OPEN, 'renamed')
    const { data: guide } = await alice.repos.getContent({ ...OPEN, path: 'docs/guide.md' })
    const tree = await alice.git.createTree({
      ...OPEN,
      base_tree: (await alice.git.getCommit({ ...OPEN, commit_sha: parent })).data.tree.sha,
      tree: [
        { path: 'docs/guide.md', mode: '100644', type: 'blob', sha: null },
        { path: 'docs/new name.md', mode: '100644', type: 'blob', sha: 'sha' in guide ? guide.sha : '' },
        { path: 'README.md', mode: '100644', type: 'blob', content: 'Hello you\n' },
      ],
    })
    const commit = await alice.git.createCommit({
      ...OPEN,
      message: 'Rename',
      tree: tree.data.sha,
      parents: [parent],
    })
    await alice.git.updateRef({ ...OPEN, ref: 'heads/renamed', sha: commit.data.sha })
    const { data: pull } = await alice.pulls.create({
      ...OPEN,
      title: 'Rename',
      head: 'renamed',
      base: 'main',
    })
    const { data: files } = await alice.pulls.listFiles({ ...OPEN, pull_number: pull.number })
    expect(files).toMatchObject([
      { filename: 'README.md', status: 'modified', patch: '@@ -1 +1 @@\n-Hello\n+Hello you', changes: 2 },
      { filename: 'docs/new name.md', previous_filename: 'docs/guide.md', status: 'renamed', changes: 0 },
    ])
  })

  test('finds the pull request that brought a commit, however it was merged', async () => {
    const alice = bench.as('alice')
    for (const merge_method of ['merge', 'squash', 'rebase'] as const) {
      const pull = await propose(alice, OPEN, `by-${merge_method}`)
      const { data } = await alice.pulls.merge({ ...OPEN, pull_number: pull.number, merge_method })
      const { data: found } = await alice.repos.listPullRequestsAssociatedWithCommit({
        ...OPEN,
        commit_sha: data.sha,
      })
      expect(found.map(({ number }) => number)).toEqual([pull.number])
    }
  })
})

describe('pull requests and issues', () => {
  test('are filtered by state, head and base', async () => {
    const alice = bench.as('alice')
    const pull = await propose(alice, OPEN, 'filtered')
    const numbers = async (query: object) =>
      (await alice.pulls.list({ ...OPEN, ...query })).data.map(({ number }) => number)
    expect(await numbers({ head: 'acme:filtered' })).toEqual([pull.number])
    expect(await numbers({ base: 'elsewhere' })).toEqual([])
    await alice.pulls.update({ ...OPEN, pull_number: pull.number, state: 'closed' })
    expect(await numbers({ head: 'acme:filtered' })).toEqual([])
    expect(await numbers({ head: 'acme:filtered', state: 'all' })).toEqual([pull.number])
    const again = await alice.pulls.create({ ...OPEN, title: 'Again', head: 'filtered', base: 'main' })
    const reopen = alice.pulls.update({ ...OPEN, pull_number: pull.number, state: 'open' })
    expect(await refusal(reopen)).toMatchObject({ status: 422 })
    await alice.pulls.update({ ...OPEN, pull_number: again.data.number, state: 'closed' })
    await alice.pulls.update({ ...OPEN, pull_number: pull.number, state: 'open' })
    expect(await numbers({ head: 'acme:filtered' })).toEqual([pull.number])
  })

  test('need something to merge, and only one of a kind', async () => {
    const alice = bench.as('alice')
    await addBranch(alice, OPEN, 'empty')
    const empty = alice.pulls.create({ ...OPEN, title: 'Nothing', head: 'empty', base: 'main' })
    expect(await refusal(empty)).toMatchObject({
      status: 422,
      errors: [{ message: 'No commits between main and empty' }],
    })
    await propose(alice, OPEN, 'twice')
    const twice = alice.pulls.create({ ...OPEN, title: 'Twice', head: 'twice', base: 'main' })
    expect(await refusal(twice)).toMatchObject({ status: 422 })
  })

  test('keep a pending review to its author, and name the commit that was reviewed', async () => {
    const { number: pull_number, head } = await propose(bench.as('alice'), OPEN, 'reviewed')
    await bench.as('olivia').pulls.createReview({ ...OPEN, pull_number, body: 'not yet' })
    expect((await bench.as('alice').pulls.listReviews({ ...OPEN, pull_number })).data).toEqual([])
    expect((await bench.as('olivia').pulls.listReviews({ ...OPEN, pull_number })).data).toHaveLength(1)
    await putFile(bench.as('alice'), OPEN, 'reviewed', 'late.txt', 'x\n')
    const old = await bench
      .as('oscar')
      .pulls.createReview({ ...OPEN, pull_number, event: 'APPROVE', commit_id: head.sha })
    expect(old.data.commit_id).toBe(head.sha)
    const foreign = bench
      .as('oscar')
      .pulls.createReview({ ...OPEN, pull_number, event: 'APPROVE', commit_id: head.sha.replace(/./g, 'a') })
    expect(await refusal(foreign)).toMatchObject({ status: 422 })
    const { data: reviews } = await bench.as('alice').pulls.listReviews({ ...OPEN, pull_number })
    expect(reviews).toMatchObject([{ state: 'APPROVED', user: { login: 'oscar' } }])
  })

  test('tell their story', async () => {
    const alice = bench.as('alice')
    const { number, head } = await propose(alice, OPEN, 'storied')
    const at = { ...OPEN, issue_number: number }
    await alice.issues.createComment({ ...at, body: 'A word' })
    await alice.issues.addLabels({ ...at, labels: ['daypass'] })
    await alice.pulls.requestReviewers({
      ...OPEN,
      pull_number: number,
      reviewers: ['olivia'],
      team_reviewers: ['data-owners'],
    })
    const { id } = await approve(bench.as('olivia'), OPEN, number)
    await alice.pulls.dismissReview({ ...OPEN, pull_number: number, review_id: id, message: 'No longer' })
    await alice.issues.removeLabel({ ...at, name: 'daypass' })
    await alice.issues.update({ ...at, title: 'Another' })
    await pass(await bench.asApp(), OPEN, head.sha)
    await alice.pulls.merge({ ...OPEN, pull_number: number })
    const { data: timeline } = await alice.issues.listEventsForTimeline(at)
    expect(timeline.map((event) => ('event' in event ? event.event : undefined))).toEqual(
      [
        'committed',
        'commented',
        'labeled',
        'review_requested',
        'review_requested',
        'reviewed',
        'review_dismissed',
        'unlabeled',
        'renamed',
        'merged',
        'closed',
      ].toSorted((a, b) => Number(b === 'committed') - Number(a === 'committed')),
    )
    const { data: events } = await alice.issues.listEvents(at)
    expect(events).toHaveLength(8)
    const { data: requested } = await alice.pulls.listRequestedReviewers({ ...OPEN, pull_number: number })
    // Olivia's review answers for her team, too.
    expect(requested).toMatchObject({ users: [], teams: [] })
  })

  test('comments are found over the whole repository, by time of change', async () => {
    const alice = bench.as('alice')
    const { data: issue } = await alice.issues.create({ ...OPEN, title: 'Alarm', labels: ['alarm'] })
    bench.clock.set(bench.clock.now() + 60_000)
    const { data: comment } = await alice.issues.createComment({
      ...OPEN,
      issue_number: issue.number,
      body: 'new',
    })
    const { data } = await alice.issues.listCommentsForRepo({
      ...OPEN,
      since: comment.updated_at,
      sort: 'updated',
      direction: 'desc',
    })
    expect(data.map(({ id }) => id)).toEqual([comment.id])
    const long = alice.issues.createComment({ ...OPEN, issue_number: issue.number, body: 'x'.repeat(65_537) })
    expect(await refusal(long)).toMatchObject({ status: 422 })
    const { data: labelled } = await alice.issues.listForRepo({ ...OPEN, labels: 'alarm' })
    expect(labelled.map(({ number }) => number)).toEqual([issue.number])
    const closed = await alice.issues.update({
      ...OPEN,
      issue_number: issue.number,
      state: 'closed',
      state_reason: 'not_planned',
    })
    expect(closed.data).toMatchObject({
      state: 'closed',
      state_reason: 'not_planned',
      closed_by: { login: 'alice' },
    })
  })

  test('can be brought up to date with their base', async () => {
    const alice = bench.as('alice')
    const { number: pull_number, head } = await propose(alice, OPEN, 'behind')
    await putFile(alice, OPEN, 'main', 'ahead.txt', 'x\n')
    await alice.pulls.updateBranch({ ...OPEN, pull_number, expected_head_sha: head.sha })
    const { data } = await alice.pulls.get({ ...OPEN, pull_number })
    expect(data).toMatchObject({ commits: 2, changed_files: 1 })
    expect(data.head.sha).not.toBe(head.sha)
  })
})

test('every other reading operation holds against the schema too', async () => {
  const app = await bench.asApp()
  const itself = bench.asAppItself()
  await itself.apps.listInstallations()
  await itself.apps.getInstallation({ installation_id: SEED.app.installationId })
  await itself.apps.getRepoInstallation(OPEN)
  await itself.apps.getOrgInstallation({ org: 'acme' })
  await app.repos.get(OPEN)
  await app.repos.getBranch({ ...OPEN, branch: 'main' })
  await app.repos.getCombinedStatusForRef({ ...OPEN, ref: 'main' }).catch(() => undefined)
  await app.repos.codeownersErrors(OPEN)
  await app.repos.listCollaborators(OPEN)
  await app.teams.listChildInOrg({ org: 'acme', team_slug: 'data-owners' })
  await app.orgs.checkMembershipForUser({ org: 'acme', username: 'alice' })
  await app.users.getByUsername({ username: 'alice' })
  const root = bench.as('root')
  await root.users.getAuthenticated()
  await root.repos.listTeams(OPEN)
  await root.repos.createCommitStatus({ ...OPEN, sha: await tip(), state: 'success', context: 'ci' })
  expect((await root.repos.getCombinedStatusForRef({ ...OPEN, ref: 'main' })).data.state).toBe('success')
  await bench.as('olivia').teams.listForAuthenticatedUser()
  await root.issues.createLabel({ ...OPEN, name: 'a label', color: 'ff0000' })
})

async function tip(): Promise<string> {
  return (await bench.as('root').git.getRef({ ...OPEN, ref: 'heads/main' })).data.object.sha
}
