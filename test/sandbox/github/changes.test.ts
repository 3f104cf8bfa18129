import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, SEED, startBench } from './bench.ts'
import { addBranch, OPEN, propose, putFile, refusal } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  const events = [...SEED.app.events, 'repository']
  bench = await startBench({ ...SEED, app: { ...SEED.app, events } })
})
afterAll(async () => {
  expect(bench.violations).toEqual([])
  await bench.close()
})

const heard = async (from: number) =>
  (await bench.delivered()).slice(from).map(({ event, action }) => `${event}.${action}`)

/** One file more in a fork of one's own, proposed to the repository it was forked from. */
async function proposeFromFork(login: string, branch: string) {
  const person = bench.as(login)
  const { data: made } = await person.repos.createFork(OPEN)
  const fork = { owner: login, repo: made.name }
  await addBranch(person, fork, branch)
  await putFile(person, fork, branch, `${branch}.txt`, 'mine\n')
  const head = `${login}:${branch}`
  const { data: pull } = await person.pulls.create({ ...OPEN, title: branch, head, base: 'main' })
  return { fork, pull }
}

describe('a deleted fork', () => {
  test('leaves its pull requests closed, readable and without a head repository', async () => {
    const { fork, pull } = await proposeFromFork('rita', 'lost')
    expect(await refusal(bench.as('alice').repos.delete(fork))).toMatchObject({ status: 404 })

    await bench.as('rita').repos.delete(fork)

    const at = { ...OPEN, pull_number: pull.number }
    const { data: left } = await bench.as('alice').pulls.get(at)
    expect(left).toMatchObject({
      state: 'closed',
      merged: false,
      head: { label: 'rita:lost', repo: null, sha: pull.head.sha, user: { login: 'rita' } },
    })
    const { data: files } = await bench.as('alice').pulls.listFiles(at)
    expect(files.map(({ filename }) => filename)).toEqual(['lost.txt'])
    const { data: listed } = await bench.as('alice').pulls.list({ ...OPEN, state: 'closed' })
    expect(listed.find(({ number }) => number === pull.number)?.head.repo).toBeNull()
    expect(await refusal(bench.as('alice').pulls.update({ ...at, state: 'open' }))).toMatchObject({
      status: 422,
    })
    expect(await refusal(bench.as('rita').repos.get(fork))).toMatchObject({ status: 404 })
  })

  test('that was merged before stays merged', async () => {
    const { fork, pull } = await proposeFromFork('rita', 'landed')
    const at = { ...OPEN, pull_number: pull.number }
    await bench.as('alice').pulls.merge(at)
    await bench.as('rita').repos.delete(fork)
    const { data } = await bench.as('alice').pulls.get(at)
    expect(data).toMatchObject({ merged: true, head: { repo: null } })
  })

  test('is all that can be deleted, and only by whoever administers it', async () => {
    expect(await refusal(bench.as('root').repos.delete(OPEN))).toMatchObject({ status: 403 })
    expect(await refusal(bench.as('alice').repos.delete(OPEN))).toMatchObject({ status: 403 })
  })
})

describe('a deleted branch', () => {
  test('closes its pull request, which opens again once the branch is back', async () => {
    const alice = bench.as('alice')
    const pull = await propose(alice, OPEN, 'deleted')
    await alice.git.deleteRef({ ...OPEN, ref: 'heads/deleted' })
    const at = { ...OPEN, pull_number: pull.number }
    expect((await alice.pulls.get(at)).data).toMatchObject({ state: 'closed', head: { sha: pull.head.sha } })
    expect(await refusal(alice.pulls.update({ ...at, state: 'open' }))).toMatchObject({ status: 422 })
    await alice.git.createRef({ ...OPEN, ref: 'refs/heads/deleted', sha: pull.head.sha })
    expect((await alice.pulls.update({ ...at, state: 'open' })).data.state).toBe('open')
  })
})

describe('a renamed repository', () => {
  const OLD = { owner: 'acme', repo: 'public' }
  const NEW = { owner: 'acme', repo: 'renamed' }

  test('is found by its old name: reads are led on, writes are told where', async () => {
    const from = (await bench.delivered()).length
    expect(await refusal(bench.as('alice').repos.update({ ...OLD, name: 'mine' }))).toMatchObject({
      status: 403,
    })
    await bench.as('root').repos.update({ ...OLD, name: 'renamed' })
    expect(await heard(from)).toEqual(['repository.renamed'])

    const led = await fetch(`${bench.api}/repos/acme/public/branches/main?x=1`, { redirect: 'manual' })
    expect(led.status).toBe(301)
    expect(led.headers.get('location')).toBe(`${bench.api}/repositories/103/branches/main?x=1`)
    expect(await led.json()).toMatchObject({ message: 'Moved Permanently', url: led.headers.get('location') })
    const told = await fetch(`${bench.api}/repos/acme/public/issues`, { method: 'POST', redirect: 'manual' })
    expect(told.status).toBe(307)

    const app = await bench.asApp()
    expect((await app.repos.get(OLD)).data).toMatchObject({ id: 103, full_name: 'acme/renamed' })
    expect((await app.issues.create({ ...OLD, title: 'By the old name' })).data.repository_url).toContain(
      'acme/renamed',
    )
    expect((await app.request('GET /repositories/103/issues')).data).toMatchObject([
      { title: 'By the old name' },
    ])
  })

  test('is cloned and pushed to by its old name', async () => {
    const cloned = await bench.git('clone', '--quiet', bench.remote('alice', 'acme/public'), 'by-old-name')
    expect(cloned.code).toBe(0)
    const pushed = await bench.git('-C', 'by-old-name', 'push', '--quiet', 'origin', 'HEAD:refs/heads/moved')
    expect(pushed.code).toBe(0)
    expect((await bench.as('alice').git.getRef({ ...NEW, ref: 'heads/moved' })).status).toBe(200)
  })

  test('tells nobody who can not see it where it went', async () => {
    await bench.as('root').repos.update({ ...OPEN, name: 'hidden' })
    expect((await fetch(`${bench.api}/repos/acme/open`, { redirect: 'manual' })).status).toBe(404)
    expect(await refusal(bench.as('stranger').repos.get(OPEN))).toMatchObject({ status: 404 })
    const cloned = await bench.git('clone', bench.remote('stranger', 'acme/open'), 'no')
    expect(cloned.output).toContain('not found')
    await bench.as('root').repos.update({ ...OPEN, repo: 'hidden', name: 'open' })
  })

  test('takes no name that is taken, and gives its old one away', async () => {
    const taken = bench.as('root').repos.update({ ...OPEN, name: 'Guarded' })
    expect(await refusal(taken)).toMatchObject({ status: 422 })
    expect(await refusal(bench.as('root').repos.update({ ...OPEN, name: 'a/b' }))).toMatchObject({
      status: 422,
    })
    await bench.as('root').repos.update({ ...OPEN, name: 'public' })
    expect((await bench.as('root').repos.get(OLD)).data.id).toBe(101)
    await bench.as('root').repos.update({ owner: 'acme', repo: 'public', name: 'open' })
  })
})

describe('a suspended installation', () => {
  const installation_id = SEED.app.installationId

  test('has no tokens and hears nothing, until that ends', async () => {
    const app = await bench.asApp()
    const itself = bench.asAppItself()
    const from = (await bench.delivered()).length
    await itself.apps.suspendInstallation({ installation_id })

    const suspended = { status: 403, message: 'This installation has been suspended' }
    expect(await refusal(bench.asApp())).toMatchObject(suspended)
    expect(await refusal(app.repos.get(OPEN))).toMatchObject(suspended)
    expect((await itself.apps.getInstallation({ installation_id })).data.suspended_at).toMatch(/Z$/)
    await bench.as('alice').issues.create({ ...OPEN, title: 'Unheard' })
    await propose(bench.as('alice'), OPEN, 'unheard')
    expect(await heard(from)).toEqual(['installation.suspend'])

    await itself.apps.unsuspendInstallation({ installation_id })

    expect((await app.repos.get(OPEN)).status).toBe(200)
    expect((await itself.apps.getInstallation({ installation_id })).data.suspended_at).toBeNull()
    await bench.as('alice').issues.createComment({ ...OPEN, issue_number: 1, body: 'Heard' })
    expect(await heard(from)).toEqual([
      'installation.suspend',
      'installation.unsuspend',
      'issue_comment.created',
    ])
  })
})
