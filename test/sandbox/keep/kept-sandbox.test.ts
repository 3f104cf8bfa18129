import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import type { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadyFile } from '../../../src/sandbox/ready.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts'
import { createPeople, type People } from '../../../src/sandbox/tour-people.ts'
import { propose } from '../github/steps.ts'

const KEPT_SANDBOX = fileURLToPath(new URL('../../support/kept-sandbox.mjs', import.meta.url))
/** After its second piece of work; the state is written about every 100 ms. */
const KILLED_AFTER_MS = process.env.FULL ? [0, 15, 30, 45, 60, 75, 90, 105, 120, 200] : [60]
const PROD = '111122223333'
const ORDERS = 'exports/2026/11/orders.csv'

let directory: string
let sandbox: Sandbox
let people: People

async function start(dataDir = join(directory, 'data')): Promise<void> {
  sandbox = await startSandbox({ dataDir })
  people = createPeople(sandbox.ready)
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-kept-'))
  await start()
})
afterAll(async () => {
  await sandbox.close()
  await rm(directory, { recursive: true })
})

const at = { owner: 'acme', repo: 'access-open' }
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::customer-exports/*' }],
})
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${PROD}:user/alice` }, Action: 'sts:AssumeRole' },
  ],
})

/** A little of everything that GitHub holds and git does not. */
async function liveABit(): Promise<number> {
  const [alice, olivia, root] = [people.github('alice'), people.github('olivia'), people.github('root')]
  const { number, head } = await propose(alice, at, 'story')
  const about = { ...at, issue_number: number }
  await alice.issues.createComment({ ...about, body: 'A word *on* it' })
  await alice.issues.addLabels({ ...about, labels: ['urgent'] })
  await alice.pulls.requestReviewers({ ...at, pull_number: number, reviewers: ['oscar'] })
  await olivia.pulls.createReview({ ...at, pull_number: number, event: 'APPROVE' })
  await root.repos.createCommitStatus({ ...at, sha: head.sha, state: 'success', context: 'ci' })
  await root.teams.addOrUpdateMembershipForUserInOrg({
    org: 'acme',
    team_slug: 'data-owners',
    username: 'bob',
  })
  await alice.issues.create({ ...at, title: 'No pull request', body: null as unknown as string })
  const merged = await propose(alice, at, 'merged')
  await olivia.pulls.merge({ ...at, pull_number: merged.number, merge_method: 'squash' })
  await alice.repos.createFork(at)
  return number
}

const READ = [
  '/pulls/1',
  '/pulls?state=all',
  '',
  '/pulls/1/reviews',
  '/pulls/1/commits',
  '/pulls/1/files',
  '/pulls/1/requested_reviewers',
  '/issues?state=all',
  '/issues/1/timeline',
  '/issues/1/events',
  '/issues/comments',
  '/commits?sha=main',
  '/commits/story/status',
  '/git/matching-refs/heads',
  '/activity',
  '/collaborators',
  '/teams',
]

/** All that a person can read of it, as GitHub answers it. */
async function whatIsThere(octokit: Octokit): Promise<unknown> {
  const base = sandbox.ready.github.url
  const paths = [
    ...READ.map((path) => `/repos/acme/access-open${path}`),
    '/orgs/acme/teams/data-owners/members',
  ]
  const read: [string, unknown][] = []
  // One after the other: to look at a pull request makes GitHub try its merge.
  for (const path of paths) read.push([path, (await octokit.request(`GET ${path}`)).data])
  return JSON.parse(JSON.stringify(Object.fromEntries(read)).replaceAll(base, ''))
}

async function restart(): Promise<void> {
  await sandbox.close()
  await start()
}

describe('a world that is kept', () => {
  test('is at GitHub as it was, and goes on from there', async () => {
    await liveABit()
    const before = await whatIsThere(people.github('root'))
    const { url, tokens } = sandbox.ready.github

    await restart()

    expect(await whatIsThere(people.github('root'))).toEqual(before)
    expect(sandbox.ready.github).toMatchObject({ url, tokens })
    const next = await propose(people.github('mallory'), at, 'next')
    expect(next.number).toBe(4)
    const { data: comments } = await people.github('root').issues.listCommentsForRepo(at)
    expect(next.id).toBeGreaterThan(Math.max(...comments.map(({ id }) => id)))
    await people.github('olivia').pulls.merge({ ...at, pull_number: 1 })
    const fork = await people.github('alice').git.getRef({ owner: 'alice', repo: at.repo, ref: 'heads/main' })
    expect(fork.data.object.type).toBe('commit')
  })

  test('is in AWS as it was: roles, their policies, sessions under way, objects', async () => {
    const root = people.iam('root')
    const { Role: made } = await root.send(
      new CreateRoleCommand({ RoleName: 'kept', AssumeRolePolicyDocument: TRUST, Path: '/daypass/' }),
    )
    const policy = { RoleName: 'kept', PolicyName: 'read' }
    await root.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: POLICY }))
    const session = await people.assume('alice', String(made?.Arn))
    if (session.kind === 'denied') throw new Error(session.code)
    await people.write(people.keys('root'), 'customer-exports', ORDERS, 'all new')

    await restart()

    const { Role: found } = await people.iam('root').send(new GetRoleCommand({ RoleName: 'kept' }))
    expect(found).toMatchObject({ ...made })
    const { PolicyDocument } = await people.iam('root').send(new GetRolePolicyCommand(policy))
    expect(decodeURIComponent(String(PolicyDocument))).toBe(POLICY)
    expect(await people.read(session.value, 'customer-exports', ORDERS)).toEqual({
      kind: 'allowed',
      value: 'all new',
    })
    expect(await people.read(people.keys('alice'), 'customer-exports', ORDERS)).toMatchObject({
      kind: 'denied',
    })
  })

  test('goes on at its own time', async () => {
    const clock = async (body?: object) => {
      const init = body && { method: 'POST', body: JSON.stringify(body) }
      const answer = await fetch(`${sandbox.ready.control.url}/clock`, init)
      return (await answer.json()) as { offset: number }
    }
    const { offset } = await clock({ advance: '3d' })

    await restart()

    expect((await clock()).offset).toBe(offset)
  })

  test('keeps what the operator trusted and what the app logged', async () => {
    const [operator, log] = ['operator.yml', 'app.log'].map((name) => join(directory, 'data', name))
    const trusted = await readFile(String(operator), 'utf8')
    await writeFile(String(log), 'of before\n')

    await restart()

    expect(await readFile(String(operator), 'utf8')).toBe(trusted)
    expect(await readFile(String(log), 'utf8')).toBe('of before\n')
  })

  test('belongs to one sandbox at a time', async () => {
    await expect(startSandbox({ dataDir: join(directory, 'data') })).rejects.toThrow(
      `The sandbox of process ${process.pid} is at work in this folder: end it first.`,
    )
  })
})

test('a killed sandbox leaves a world that can be taken up, whatever it was at', async () => {
  const dataDir = join(directory, 'killed')
  const pulls: number[] = []
  for (const afterMs of KILLED_AFTER_MS) {
    const child = spawn(process.execPath, [KEPT_SANDBOX, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line')
    const working = work(
      JSON.parse(String(line)),
      () => void sleep(afterMs).then(() => child.kill('SIGKILL')),
    )
    await once(child, 'close')
    pulls.push(await working)

    const taken = await startSandbox({ dataDir })
    await checkWhole(taken)
    await taken.close()
  }
  expect(pulls.every((opened) => opened >= 2)).toBe(true)
  expect((await readdir(dataDir)).sort()).toEqual(['app.log', 'github', 'operator.yml', 'state.json'])
})

/** Proposes and merges as fast as it goes, until nobody answers any more; says how often it came to an end. */
async function work(ready: ReadyFile, onSecond: () => void): Promise<number> {
  const octokit = createPeople(ready).github('alice')
  let done = 0
  const start = Date.now()
  try {
    for (;;) {
      const { number } = await propose(octokit, at, `work-${start}-${done}`)
      if (done % 2 === 0) await octokit.pulls.merge({ ...at, pull_number: number })
      done += 1
      if (done === 2) onSecond()
    }
  } catch {
    return done
  }
}

/** What GitHub knows and what git holds are of one moment, and things go on from there. */
async function checkWhole({ ready }: Sandbox): Promise<void> {
  const octokit = createPeople(ready).github('olivia')
  const moves = await octokit.paginate(octokit.repos.listActivities, { ...at, direction: 'asc' })
  const refs = await octokit.paginate(octokit.git.listMatchingRefs, { ...at, ref: 'heads/' })
  const told = new Map(moves.map(({ ref, after }) => [ref, after]))
  expect(new Map(refs.map(({ ref, object }) => [ref, object.sha]))).toEqual(told)
  const { data: pulls } = await octokit.pulls.list({ ...at, state: 'all', per_page: 100 })
  for (const { number, head, base, merged_at, merge_commit_sha } of pulls) {
    const ref = async (name: string) => (await octokit.git.getRef({ ...at, ref: name })).data.object.sha
    expect(await ref(`heads/${head.ref}`)).toBe(head.sha)
    const { data: files } = await octokit.pulls.listFiles({ ...at, pull_number: number })
    expect(files).toHaveLength(1)
    if (merged_at === null) continue
    const basehead = `${merge_commit_sha}...${base.ref}`
    const { data: compared } = await octokit.repos.compareCommitsWithBasehead({ ...at, basehead })
    expect(compared.behind_by).toBe(0)
  }
  const { number } = await propose(octokit, at, `after-${Date.now()}`)
  expect(number).toBe(pulls.length + 1)
  await octokit.pulls.merge({ ...at, pull_number: number })
}

test('without a folder of its own the world is gone with the sandbox', async () => {
  const before = await temporaryFolders()
  const passing = await startSandbox()
  const [made] = (await temporaryFolders()).filter((name) => !before.includes(name))
  expect(await readdir(join(tmpdir(), String(made)))).not.toContain('state.json')

  await passing.close()

  expect(await temporaryFolders()).not.toContain(made)
})

async function temporaryFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^daypass-\w{6}$/.test(name))
}
