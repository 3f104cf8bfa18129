import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, startBench } from './bench.ts'
import { approve, GUARDED, OPEN, propose, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

/** A clone with one commit more on a branch of that name. */
async function cloneAndCommit(login: string, repository: string, name: string): Promise<string> {
  const cloned = await bench.git('clone', '--quiet', bench.remote(login, repository), name)
  expect(cloned.output).toBe('')
  await bench.git('-C', name, 'switch', '--quiet', '-c', name)
  await writeFile(join(bench.dataDir, name, `${name}.txt`), `${name}\n`)
  await bench.git('-C', name, 'add', '.')
  await bench.git('-C', name, 'commit', '--quiet', '-m', `Add ${name}`)
  return (await bench.git('-C', name, 'rev-parse', 'HEAD')).output
}

describe('git over HTTP', () => {
  test('what is cloned, committed and pushed is on the branch, and told', async () => {
    const sha = await cloneAndCommit('alice', 'acme/open', 'pushed')
    const from = (await bench.delivered()).length
    expect(await bench.git('-C', 'pushed', 'push', '--quiet', 'origin', 'pushed')).toEqual({
      code: 0,
      output: '',
    })
    const { data } = await bench.as('alice').git.getRef({ ...OPEN, ref: 'heads/pushed' })
    expect(data.object.sha).toBe(sha)
    const push = (await bench.delivered()).slice(from).find(({ event }) => event === 'push')
    expect(push?.payload).toMatchObject({
      ref: 'refs/heads/pushed',
      after: sha,
      created: true,
      pusher: { name: 'alice' },
    })
    expect(push?.payload.commits).toMatchObject([{ id: sha, added: ['pushed.txt'] }])
  })

  test('a push to the protected branch is turned away with the rule that forbids it', async () => {
    await cloneAndCommit('root', 'acme/guarded', 'direct')
    const pushed = await bench.git('-C', 'direct', 'push', 'origin', 'direct:main')
    expect(pushed.code).toBe(1)
    expect(pushed.output).toContain(
      'remote: error: GH013: Repository rule violations found for refs/heads/main.',
    )
    expect(pushed.output).toContain('pre-receive hook declined')
    expect((await bench.git('-C', 'direct', 'push', 'origin', ':main')).code).toBe(1)
    expect((await bench.git('-C', 'direct', 'push', 'origin', 'direct')).code).toBe(0)
    const { data } = await bench.as('root').repos.listCommits(GUARDED)
    expect(data).toHaveLength(1)
  })

  test('a force push is seen as one, and moves the pull request back', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'forced')
    await bench.git('clone', '--quiet', '--branch', 'forced', bench.remote('alice', 'acme/open'), 'forced')
    await bench.git('-C', 'forced', 'commit', '--quiet', '--amend', '-m', 'Something else')
    const sha = (await bench.git('-C', 'forced', 'rev-parse', 'HEAD')).output
    expect((await bench.git('-C', 'forced', 'push', '--quiet', 'origin', 'forced')).code).toBe(1)
    expect((await bench.git('-C', 'forced', 'push', '--quiet', '--force', 'origin', 'forced')).code).toBe(0)
    const { data } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: pull.number })
    expect(data.head.sha).toBe(sha)
    const { data: activity } = await bench
      .as('alice')
      .repos.listActivities({ ...OPEN, ref: 'refs/heads/forced' })
    expect(activity.map(({ activity_type }) => activity_type)).toEqual([
      'force_push',
      'push',
      'branch_creation',
    ])
    expect(activity[0]).toMatchObject({ before: pull.head.sha, after: sha, actor: { login: 'alice' } })
  })

  test('pushing a branch that contains the head marks the pull request as merged by the pusher', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'smuggled')
    await bench.git('clone', '--quiet', bench.remote('mallory', 'acme/open'), 'smuggler')
    await bench.git('-C', 'smuggler', 'merge', '--quiet', '--no-ff', '-m', 'Sneak in', 'origin/smuggled')
    const sha = (await bench.git('-C', 'smuggler', 'rev-parse', 'HEAD')).output
    expect((await bench.git('-C', 'smuggler', 'push', '--quiet', 'origin', 'main')).code).toBe(0)
    const { data } = await bench.as('alice').pulls.get({ ...OPEN, pull_number: pull.number })
    expect(data).toMatchObject({ merged: true, merged_by: { login: 'mallory' }, merge_commit_sha: sha })
  })

  test('pull request heads can be fetched and not pushed to', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'fetched')
    await bench.git('clone', '--quiet', bench.remote('alice', 'acme/open'), 'fetcher')
    const ref = `refs/pull/${pull.number}/head`
    expect((await bench.git('-C', 'fetcher', 'fetch', '--quiet', 'origin', ref)).code).toBe(0)
    expect((await bench.git('-C', 'fetcher', 'rev-parse', 'FETCH_HEAD')).output).toBe(pull.head.sha)
    expect((await bench.git('-C', 'fetcher', 'push', 'origin', `main:${ref}`)).output).toContain(
      'deny updating a hidden ref',
    )
  })

  test('readers may clone and not push, strangers see nothing, and without a token one is asked for it', async () => {
    await cloneAndCommit('rita', 'acme/open', 'reader')
    const pushed = await bench.git('-C', 'reader', 'push', 'origin', 'reader')
    expect(pushed).toMatchObject({ code: 128, output: expect.stringContaining('403') })
    expect((await bench.git('clone', bench.remote('stranger', 'acme/open'), 'no')).output).toContain(
      'not found',
    )
    expect((await bench.git('clone', `${bench.github.url}/acme/open.git`, 'no')).output).toContain(
      'could not read Username',
    )
    expect((await bench.git('clone', '--quiet', `${bench.github.url}/acme/public.git`, 'public')).code).toBe(
      0,
    )
  })

  test('a push of megabytes arrives whole', async () => {
    await cloneAndCommit('alice', 'acme/open', 'large')
    const bytes = randomBytes(3 * 1024 * 1024)
    await writeFile(join(bench.dataDir, 'large', 'large.bin'), bytes)
    await bench.git('-C', 'large', 'add', '.')
    await bench.git('-C', 'large', 'commit', '--quiet', '-m', 'Add bytes')
    expect(await bench.git('-C', 'large', 'push', '--quiet', 'origin', 'large')).toEqual({
      code: 0,
      output: '',
    })
    const raw = await fetch(`${bench.api}/repos/acme/open/contents/large.bin?ref=large`, {
      headers: { authorization: 'token token-of-alice', accept: 'application/vnd.github.raw+json' },
    })
    expect(bytes.equals(Buffer.from(await raw.arrayBuffer()))).toBe(true)
  })

  test('an installation token pushes as the app, where it has the permission', async () => {
    const app = await bench.asApp()
    const { token } = (await app.auth()) as { token: string }
    await bench.git('clone', '--quiet', bench.remote('alice', 'acme/open'), 'robot')
    const remote = bench
      .remote('alice', 'acme/open')
      .replace('alice:token-of-alice', `x-access-token:${token}`)
    expect((await bench.git('-C', 'robot', 'push', '--quiet', remote, 'main:by-the-app')).code).toBe(0)
    const { data } = await app.repos.listActivities({ ...OPEN, ref: 'by-the-app' })
    expect(data[0]?.actor?.login).toBe('daypass[bot]')
  })
})

describe('forks', () => {
  test('a person without write access proposes from a fork, and only a writer can merge it', async () => {
    const rita = bench.as('rita')
    await rita.repos.createFork(OPEN)
    const fork = { owner: 'rita', repo: 'open' }
    const content = Buffer.from('from a fork\n').toString('base64')
    await rita.git.createRef({
      ...fork,
      ref: 'refs/heads/idea',
      sha: (await rita.git.getRef({ ...fork, ref: 'heads/main' })).data.object.sha,
    })
    await rita.repos.createOrUpdateFileContents({
      ...fork,
      branch: 'idea',
      path: 'idea.txt',
      message: 'An idea',
      content,
    })
    const { data: pull } = await rita.pulls.create({
      ...OPEN,
      title: 'An idea',
      head: 'rita:idea',
      base: 'main',
    })
    expect(pull.head).toMatchObject({ label: 'rita:idea', repo: { full_name: 'rita/open', fork: true } })
    const app = await bench.asApp()
    const { data: run } = await app.checks.create({
      ...OPEN,
      name: 'Daypass / request',
      head_sha: pull.head.sha,
      status: 'in_progress',
    })
    expect(run.pull_requests).toEqual([])
    expect(await refusal(rita.pulls.merge({ ...OPEN, pull_number: pull.number }))).toMatchObject({
      status: 403,
    })
    await rita.repos.createOrUpdateFileContents({
      ...fork,
      branch: 'idea',
      path: 'second.txt',
      message: 'More',
      content,
    })
    const { data: pushed } = await app.pulls.get({ ...OPEN, pull_number: pull.number })
    expect(pushed).toMatchObject({ commits: 2, changed_files: 2, mergeable: true })
    await approve(bench.as('olivia'), OPEN, pull.number)
    await bench.as('olivia').pulls.merge({ ...OPEN, pull_number: pull.number })
    const { data: files } = await rita.pulls.listFiles({ ...OPEN, pull_number: pull.number })
    expect(files.map(({ filename }) => filename)).toEqual(['idea.txt', 'second.txt'])
  })
})
