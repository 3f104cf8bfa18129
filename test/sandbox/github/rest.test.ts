import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appJwt, type Bench, SEED, startBench } from './bench.ts'
import { addBranch, OPEN, pass, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

describe('who may call', () => {
  test('the app signs in with a JWT that is genuine, its own and not expired', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect((await bench.octokit(appJwt()).apps.getAuthenticated()).data?.slug).toBe('daypass')
    const wrong = [
      appJwt({ exp: now - 1 }),
      appJwt({ exp: now + 3600 }),
      appJwt({ iat: now + 300 }),
      appJwt({ iss: 1 }),
      `${appJwt().slice(0, -6)}AAAAAA`,
    ]
    for (const jwt of wrong)
      expect(await refusal(bench.octokit(jwt).apps.getAuthenticated())).toMatchObject({ status: 401 })
    expect(await refusal(bench.as('root').apps.getAuthenticated())).toMatchObject({ status: 401 })
    expect(await refusal(bench.octokit('nonsense').repos.get(OPEN))).toMatchObject({
      status: 401,
      message: 'Bad credentials',
    })
  })

  test('an installation token does what the app may, and nothing else', async () => {
    const app = await bench.asApp()
    expect((await app.apps.listReposAccessibleToInstallation()).data.total_count).toBe(3)
    const forbidden = [
      app.repos.createCommitStatus({ ...OPEN, sha: 'main', state: 'success' }),
      app.repos.listTeams(OPEN),
      app.users.getAuthenticated(),
    ]
    for (const call of forbidden) {
      expect(await refusal(call)).toMatchObject({
        status: 403,
        message: 'Resource not accessible by integration',
      })
    }
  })

  test('a token can be narrowed to repositories and permissions, never widened', async () => {
    const narrow = await bench.asApp({ repositories: ['public'], permissions: { contents: 'read' } })
    expect(await refusal(narrow.repos.get(OPEN))).toMatchObject({ status: 404 })
    const place = { owner: 'acme', repo: 'public' }
    expect((await narrow.repos.getContent({ ...place, path: 'README.md' })).status).toBe(200)
    expect(await refusal(narrow.issues.create({ ...place, title: 'x' }))).toMatchObject({ status: 403 })
    expect(await refusal(putFile(narrow, place, 'main', 'x', 'x'))).toMatchObject({ status: 403 })
    expect(await refusal(bench.asApp({ permissions: { administration: 'write' } }))).toMatchObject({
      status: 422,
    })
    expect(await refusal(bench.asApp({ repositories: ['nowhere'] }))).toMatchObject({ status: 422 })
  })

  test('without members read, teams do not exist', async () => {
    const blind = await bench.asApp({ permissions: { contents: 'read' } })
    const team = { org: 'acme', team_slug: 'data-owners' }
    expect(await refusal(blind.teams.getByName(team))).toMatchObject({ status: 404 })
    expect(await refusal(blind.teams.listMembersInOrg(team))).toMatchObject({ status: 404 })
    expect((await (await bench.asApp()).teams.getByName(team)).data.members_count).toBe(2)
  })

  test('private repositories are invisible to others, public ones readable by all', async () => {
    expect(await refusal(bench.as('stranger').repos.get(OPEN))).toMatchObject({ status: 404 })
    const place = { owner: 'acme', repo: 'public' }
    expect((await bench.as('stranger').repos.get(place)).data.permissions).toMatchObject({
      pull: true,
      push: false,
    })
    expect(await refusal(putFile(bench.as('stranger'), place, 'main', 'x', 'x'))).toMatchObject({
      status: 404,
    })
    expect((await fetch(`${bench.api}/repos/acme/public`)).status).toBe(200)
    expect((await fetch(`${bench.api}/repos/acme/open`)).status).toBe(404)
  })

  test('what is not known does not exist', async () => {
    for (const path of ['/repos/acme/open/actions/runs', '/graphql', '/repos/acme/open/pulls/1/comments']) {
      expect(await refusal(bench.as('root').request(`GET ${path}`))).toMatchObject({
        status: 404,
        message: 'Not Found',
      })
    }
  })
})

describe('people', () => {
  const permissionOf = async (username: string) =>
    (await (await bench.asApp()).repos.getCollaboratorPermissionLevel({ ...OPEN, username })).data

  test('have the highest of what collaboration, teams and the organization give them', async () => {
    const levels = Object.fromEntries(
      await Promise.all(SEED.users.map(async ({ login }) => [login, (await permissionOf(login)).permission])),
    )
    expect(levels).toEqual({
      alice: 'write',
      olivia: 'write',
      oscar: 'write',
      mallory: 'write',
      rita: 'read',
      root: 'admin',
      stranger: 'none',
    })
  })

  test('lose it when they leave the team or the collaboration', async () => {
    const root = bench.as('root')
    const team = { org: 'acme', team_slug: 'data-owners', username: 'olivia' }
    await root.teams.removeMembershipForUserInOrg(team)
    expect((await permissionOf('olivia')).permission).toBe('none')
    await root.teams.addOrUpdateMembershipForUserInOrg(team)
    await root.repos.removeCollaborator({ ...OPEN, username: 'mallory' })
    expect((await permissionOf('mallory')).permission).toBe('none')
    await root.repos.addCollaborator({ ...OPEN, username: 'mallory', permission: 'push' })
    expect((await permissionOf('mallory')).role_name).toBe('write')
    expect(await refusal(bench.as('alice').teams.removeMembershipForUserInOrg(team))).toMatchObject({
      status: 403,
    })
  })

  test('are members of the teams above theirs', async () => {
    const app = await bench.asApp()
    const inTeam = { org: 'acme', team_slug: 'data-owners', username: 'oscar' }
    expect((await app.teams.getMembershipForUserInOrg(inTeam)).data.state).toBe('active')
    const { data } = await app.teams.listMembersInOrg({ org: 'acme', team_slug: 'data-owners' })
    expect(data.map(({ login }) => login).sort()).toEqual(['olivia', 'oscar'])
    expect(
      await refusal(app.teams.getMembershipForUserInOrg({ ...inTeam, username: 'alice' })),
    ).toMatchObject({ status: 404 })
    const at = { org: 'acme', team_slug: 'seniors', ...OPEN }
    expect((await app.teams.checkPermissionsForRepoInOrg(at)).status).toBe(204)
    const accept = 'application/vnd.github.v3.repository+json'
    const asked = await app.teams.checkPermissionsForRepoInOrg({ ...at, headers: { accept } })
    expect(asked.data.permissions).toMatchObject({ push: true, admin: false })
    expect((await app.orgs.getMembershipForUser({ org: 'acme', username: 'root' })).data.role).toBe('admin')
  })
})

describe('conditional requests and pages', () => {
  test('an unchanged answer is a 304 without a body, and costs nothing', async () => {
    const app = await bench.asApp()
    const first = await app.git.getRef({ ...OPEN, ref: 'heads/main' })
    const etag = String(first.headers.etag)
    expect(etag).toMatch(/^W\/"/)
    const again = () => app.git.getRef({ ...OPEN, ref: 'heads/main', headers: { 'if-none-match': etag } })
    const before = (await app.rateLimit.get()).data.rate.used
    expect(await refusal(again())).toMatchObject({ status: 304 })
    expect((await app.rateLimit.get()).data.rate.used).toBe(before)
    const other = await bench.asApp()
    const renewed = await other.git.getRef({ ...OPEN, ref: 'heads/main', headers: { 'if-none-match': etag } })
    expect(renewed.status).toBe(200)
    await putFile(bench.as('alice'), OPEN, 'main', 'changed.txt', 'changed\n')
    expect((await again()).status).toBe(200)
  })

  test('the Date header tells the time of the sandbox', async () => {
    bench.clock.set(Date.parse('2031-05-05T05:05:05Z'))
    const { headers } = await bench.as('alice').repos.get(OPEN)
    expect(headers.date).toMatch(/^Mon, 05 May 2031 05:05:0/)
    const { commit } = await putFile(bench.as('alice'), OPEN, 'main', 'future.txt', 'x\n')
    const { data } = await bench.as('alice').repos.getCommit({ ...OPEN, ref: commit })
    expect(data.commit.committer?.date).toMatch(/^2031-05-05T05:05:/)
  })

  test('Link headers lead through all pages', async () => {
    const alice = bench.as('alice')
    const { data: issue } = await alice.issues.create({ ...OPEN, title: 'Many words' })
    const words = Array.from({ length: 7 }, (_, index) => `word ${index}`)
    for (const body of words) await alice.issues.createComment({ ...OPEN, issue_number: issue.number, body })
    const pages = await alice.paginate(alice.issues.listComments, {
      ...OPEN,
      issue_number: issue.number,
      per_page: 3,
    })
    expect(pages.map(({ body }) => body)).toEqual(words)
    const commits = await alice.paginate(alice.repos.listCommits, { ...OPEN, per_page: 1 })
    const { data: all } = await alice.repos.listCommits(OPEN)
    expect(commits.map(({ sha }) => sha)).toEqual(all.map(({ sha }) => sha))
  })

  test('the activity log tells every move of every branch, newest first, in pages', async () => {
    const alice = bench.as('alice')
    await addBranch(alice, OPEN, 'active')
    await putFile(alice, OPEN, 'active', 'a.txt', 'a\n')
    await alice.git.deleteRef({ ...OPEN, ref: 'heads/active' })
    const all = await alice.paginate(alice.repos.listActivities, {
      ...OPEN,
      ref: 'refs/heads/active',
      per_page: 1,
    })
    expect(all.map(({ activity_type }) => activity_type)).toEqual([
      'branch_deletion',
      'push',
      'branch_creation',
    ])
    expect(all[0]?.after).toBe('0'.repeat(40))
    const pull = await propose(alice, OPEN, 'active-merge')
    const { data } = await alice.pulls.merge({ ...OPEN, pull_number: pull.number })
    const { data: merges } = await alice.repos.listActivities({ ...OPEN, activity_type: 'pr_merge' })
    expect(merges[0]).toMatchObject({ after: data.sha, ref: 'refs/heads/main', actor: { login: 'alice' } })
  })

  test('the hourly limit is refused in GitHub’s words', async () => {
    const limited = await startBench(SEED, { rateLimit: 2 })
    const alice = limited.as('alice')
    await alice.repos.get(OPEN)
    await alice.repos.get(OPEN)
    const refused = await refusal(alice.repos.get(OPEN))
    limited.clock.set(limited.clock.now() + 61 * 60 * 1000)
    const later = await alice.repos.get(OPEN)
    await limited.close()
    expect(refused).toMatchObject({ status: 403, message: 'API rate limit exceeded.' })
    expect(later.headers['x-ratelimit-remaining']).toBe('1')
  })
})

describe('check runs', () => {
  test('are made and changed by the app alone', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'pinned')
    const forged = bench
      .as('root')
      .checks.create({ ...OPEN, name: 'Daypass / request', head_sha: pull.head.sha })
    expect(await refusal(forged)).toMatchObject({
      status: 403,
      message: 'You must authenticate via a GitHub App.',
    })
    const run = await pass(await bench.asApp(), OPEN, pull.head.sha)
    const change = bench.as('root').checks.update({ ...OPEN, check_run_id: run.id, conclusion: 'failure' })
    expect(await refusal(change)).toMatchObject({ status: 403 })
    const { data } = await bench
      .as('alice')
      .checks.listForRef({ ...OPEN, ref: 'pinned', check_name: 'Daypass / request' })
    expect(data).toMatchObject({
      total_count: 1,
      check_runs: [{ app: { id: SEED.app.id }, pull_requests: [{ number: pull.number }] }],
    })
  })

  test('collect annotations, fifty a request', async () => {
    const app = await bench.asApp()
    const head_sha = (await app.git.getRef({ ...OPEN, ref: 'heads/main' })).data.object.sha
    const note = (line: number) => ({
      path: 'README.md',
      start_line: line,
      end_line: line,
      annotation_level: 'failure' as const,
      message: 'Wrong',
    })
    const fifty = Array.from({ length: 50 }, (_, index) => note(index + 1))
    const output = { title: 'Many', summary: 'Many problems', annotations: fifty }
    const { data: run } = await app.checks.create({
      ...OPEN,
      name: 'many',
      head_sha,
      status: 'in_progress',
      output,
    })
    const at = { ...OPEN, check_run_id: run.id }
    await app.checks.update({ ...at, output: { ...output, annotations: [note(51)] } })
    const all = await app.paginate(app.checks.listAnnotations, { ...at, per_page: 20 })
    expect(all.map(({ start_line }) => start_line)).toEqual([...fifty.keys(), 50].map((index) => index + 1))
    expect(
      await refusal(app.checks.update({ ...at, output: { ...output, annotations: [...fifty, note(1)] } })),
    ).toMatchObject({ status: 422 })
    const long = { title: 'Long', summary: 'x'.repeat(65_536) }
    expect(await refusal(app.checks.update({ ...at, output: long }))).toMatchObject({ status: 422 })
    const actions = ['a', 'b', 'c', 'd'].map((identifier) => ({
      label: identifier,
      description: identifier,
      identifier,
    }))
    expect(await refusal(app.checks.update({ ...at, actions }))).toMatchObject({ status: 422 })
  })

  test('take texts of as many bytes as GitHub does', async () => {
    const app = await bench.asApp()
    const check = async (text: string) =>
      app.checks.create({
        ...OPEN,
        name: 'long',
        head_sha: await mainSha(),
        output: { title: 'Long', summary: 'It is', text },
      })
    expect((await check('é'.repeat(32_767))).status).toBe(201)
    expect(await refusal(check('é'.repeat(32_768)))).toMatchObject({
      status: 422,
      errors: [{ field: 'text', message: 'text exceeds a maximum bytesize of 65535' }],
    })
  })

  test('show their buttons, and take a press of them, only once they are completed', async () => {
    const app = await bench.asApp()
    const actions = [{ label: 'End', description: 'End this access now', identifier: 'end' }]
    const open = { ...OPEN, name: 'buttons', head_sha: await mainSha(), actions }
    const { data: run } = await app.checks.create({ ...open, status: 'in_progress' })
    const page = `${bench.github.url}/${OPEN.owner}/${OPEN.repo}/runs/${run.id}/actions`
    const alice = bench.as('alice')
    const shown = async () => (await alice.request(`GET ${page}`)).data
    const press = () => alice.request(`POST ${page}`, { identifier: 'end' })

    expect(await shown()).toEqual({ actions: [] })
    expect(await refusal(press())).toMatchObject({ status: 422 })
    await app.checks.update({ ...OPEN, check_run_id: run.id, conclusion: 'neutral' })
    expect(await shown()).toEqual({ actions })
    expect((await press()).status).toBe(202)
    await app.checks.update({ ...OPEN, check_run_id: run.id, actions: [] })
    expect(await shown()).toEqual({ actions: [] })
    expect(await refusal(press())).toMatchObject({ status: 422 })
  })

  test('keep status and conclusion once they are completed, and nothing else', async () => {
    const app = await bench.asApp()
    const run = await pass(app, OPEN, await mainSha(), 'final')
    const at = { ...OPEN, check_run_id: run.id }
    for (const state of [{ conclusion: 'failure' as const }, { status: 'in_progress' as const }])
      expect(await refusal(app.checks.update({ ...at, ...state }))).toMatchObject({ status: 422 })
    await app.checks.update({ ...at, external_id: 'other', output: { title: 'Other', summary: 'Words' } })
    expect((await app.checks.get(at)).data).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      external_id: 'other',
      output: { title: 'Other' },
    })
  })

  test('stay as they are where somebody asks for them again, and their suite waits', async () => {
    const app = await bench.asApp()
    const run = await pass(app, OPEN, await mainSha(), 'again')
    const from = (await bench.delivered()).length
    await bench.as('alice').checks.rerequestRun({ ...OPEN, check_run_id: run.id })
    const asked = (await bench.delivered()).slice(from)[0]?.payload.check_run
    expect(asked).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      check_suite: { status: 'queued', conclusion: null },
    })
  })

  test('are stale after two weeks in which nobody completed them', async () => {
    const app = await bench.asApp()
    const open = { ...OPEN, name: 'slow', head_sha: await mainSha(), status: 'in_progress' as const }
    const { data: run } = await app.checks.create(open)
    const at = { ...OPEN, check_run_id: run.id }
    bench.clock.set(bench.clock.now() + 14 * 86_400_000 - 60_000)
    const before = (await (await bench.asApp()).checks.get(at)).data
    bench.clock.set(bench.clock.now() + 2 * 60_000)
    const later = await bench.asApp()
    const { data: after } = await later.checks.get(at)

    expect(before).toMatchObject({ status: 'in_progress', conclusion: null })
    expect(after).toMatchObject({ status: 'completed', conclusion: 'stale' })
    expect(await refusal(later.checks.update({ ...at, conclusion: 'success' }))).toMatchObject({
      status: 422,
    })
    expect((await later.checks.update({ ...at, external_id: 'told' })).data).toMatchObject({
      conclusion: 'stale',
      external_id: 'told',
    })
  })

  async function mainSha(): Promise<string> {
    return (await bench.as('alice').git.getRef({ ...OPEN, ref: 'heads/main' })).data.object.sha
  }
})
