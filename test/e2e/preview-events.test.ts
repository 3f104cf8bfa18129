import { afterAll, beforeAll, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'
const CHECK = 'Daypass / request'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.protected
})

afterAll(() => world.close())

const conclusion = async (request: OpenedRequest) => (await world.requestCheck(request))?.conclusion

async function checkIds({ head }: OpenedRequest): Promise<number[]> {
  const { data } = await world
    .github('root')
    .checks.listForRef({ ...named(repository), ref: head, check_name: CHECK, filter: 'all' })
  return data.check_runs.map(({ id }) => id)
}

test('a push is checked on its new head', async () => {
  const path = `${FOLDER}/pushed.yaml`
  const wrong = await world.openRequest('alice', repository, path, requestYaml({ duration: '48h' }))
  await world.settled()
  const head = await world.commit('alice', repository, wrong.branch, {
    [path]: requestYaml({ duration: '4h' }),
  })
  await world.settled()

  expect(await conclusion(wrong)).toBe('failure')
  expect(await conclusion({ ...wrong, head })).toBe('success')
})

test('a pull request into another branch opens nothing, and is checked again when it is retargeted', async () => {
  await world.commit('root', repository, 'release', { 'RELEASE.md': 'Another branch\n' })
  const files = { [`${FOLDER}/retargeted.yaml`]: requestYaml({}) }
  const request = await world.propose('alice', repository, { branch: 'retargeted', files, base: 'release' })
  await world.settled()
  const elsewhere = await world.requestCheck(request)

  await world.github('alice').pulls.update({ ...named(repository), pull_number: request.pull, base: 'main' })
  await world.settled()

  expect(elsewhere).toMatchObject({ conclusion: 'failure' })
  expect(elsewhere?.output.summary).toContain('other-branch')
  expect(await conclusion(request)).toBe('success')
})

test('a draft is checked at once, and stays checked when it is ready', async () => {
  const files = { [`${FOLDER}/draft.yaml`]: requestYaml({}) }
  const request = await world.propose('alice', repository, { branch: 'draft', files, draft: true })
  await world.settled()
  expect(await conclusion(request)).toBe('success')

  // What GitHub's button does; its REST interface has nothing for it.
  const ready = await fetch(`${world.ready.github.url}/${repository}/pull/${request.pull}/ready`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.ready.github.tokens.alice}` },
  })
  await world.settled()

  expect(ready.status).toBe(202)
  expect(await conclusion(request)).toBe('success')
})

test('a closed pull request is checked when it is reopened', async () => {
  const path = `${FOLDER}/reopened.yaml`
  const at = named(repository)
  const request = await world.openRequest('alice', repository, path, requestYaml({}))
  await world.github('alice').pulls.update({ ...at, pull_number: request.pull, state: 'closed' })
  await world.settled()
  const head = await world.commit('alice', repository, request.branch, {
    [path]: requestYaml({ duration: '2h' }),
  })
  await world.settled()
  const before = await conclusion({ ...request, head })

  await world.github('alice').pulls.update({ ...at, pull_number: request.pull, state: 'open' })
  await world.settled()

  expect(before).toBeUndefined()
  expect(await conclusion({ ...request, head })).toBe('success')
})

test('a check that is asked for again is written anew', async () => {
  const request = await world.openRequest('alice', repository, `${FOLDER}/again.yaml`, requestYaml({}))
  await world.settled()
  const [check_run_id = 0] = await checkIds(request)

  await world.github('alice').checks.rerequestRun({ ...named(repository), check_run_id })
  await world.settled()

  const ids = await checkIds(request)
  expect(ids.length).toBe(2)
  expect(await world.requestCheck(request)).toMatchObject({ conclusion: 'success', status: 'completed' })
})

test('the check of a merge group is written on its branch', async () => {
  const path = `${FOLDER}/queued.yaml`
  const request = await world.openRequest('alice', repository, path, requestYaml({}))
  const main = await world.github('root').git.getRef({ ...named(repository), ref: 'heads/main' })
  const branch = `gh-readonly-queue/main/pr-${request.pull}-${main.data.object.sha}`
  const group = await world.commit('root', repository, branch, { [path]: requestYaml({}) })
  await world.settled()

  expect(await world.check(repository, group, CHECK)).toMatchObject({
    conclusion: 'success',
    output: { title: 'No problems in this merge group', summary: expect.stringContaining(path) },
  })
})

test('a pull request from the fork of a person without write access is checked like any other', async () => {
  const at = named(repository)
  await world.github('root').repos.removeCollaborator({ ...at, username: 'bob' })
  await world.github('root').repos.addCollaborator({ ...at, username: 'bob', permission: 'pull' })
  await world.github('bob').repos.createFork(at)
  const fork = `bob/${at.repo}`
  const path = `${FOLDER}/bob-forked.yaml`
  await world.commit('bob', fork, 'ask', { [path]: requestYaml({ requester: 'bob' }) })
  const { data } = await world
    .github('bob')
    .pulls.create({ ...at, head: 'bob:ask', base: 'main', title: 'Ask from a fork' })
  await world.settled()
  const check = await world.check(repository, data.head.sha, CHECK)

  expect(check).toMatchObject({
    conclusion: 'success',
    output: { title: 'bob asks to read customer-exports for 4 h' },
  })
})

test('every open request is asked again when the rules change: paused, and going on', async () => {
  const request = await world.openRequest('alice', repository, `${FOLDER}/paused.yaml`, requestYaml({}))
  await world.settled()
  expect(await conclusion(request)).toBe('success')

  const rules = (await world.fileOnMain(repository, RULES)) ?? ''
  const paused = rules.replace('paused: false', 'paused: true')
  await world.land(repository, { branch: 'pause', files: { [RULES]: paused } })
  expect(await world.requestCheck(request)).toMatchObject({
    conclusion: 'failure',
    output: { title: 'New access is paused' },
  })

  await world.land(repository, { branch: 'go-on', files: { [RULES]: rules } })
  expect(await conclusion(request)).toBe('success')
})
