/** What people are told on a request's pull request before its merge and after: one comment, and one label. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
})

afterAll(() => world.close())

async function ask(name: string, yaml = requestYaml({})): Promise<OpenedRequest> {
  const request = await world.openRequest('alice', repository, `${FOLDER}/${name}.yaml`, yaml)
  await world.settled()
  return request
}

/** The app's comments and the labels, whoever set them. */
async function shown({ pull }: OpenedRequest): Promise<{ comments: string[]; labels: string[] }> {
  const at = { ...named(repository), issue_number: pull }
  const root = world.github('root')
  const { data } = await root.issues.listComments({ ...at, per_page: 100 })
  const labels = await root.issues.listLabelsOnIssue(at)
  return {
    comments: data.filter(({ user }) => user?.type === 'Bot').map(({ body = '' }) => firstLine(body)),
    labels: labels.data.map(({ name }) => name),
  }
}

const firstLine = (body: string) =>
  body.split('\n').find((line) => line !== '' && !line.startsWith('<!--')) ?? ''

const setState = (login: string, { pull }: OpenedRequest, state: 'open' | 'closed') =>
  world.github(login).pulls.update({ ...named(repository), pull_number: pull, state })

describe('a request from its first day to its last', () => {
  let request: OpenedRequest
  beforeAll(async () => {
    request = await ask('whole-life')
  })

  test('says for whom it waits, then who may merge, that access is open, and that it is over: in one comment', async () => {
    expect(await shown(request)).toEqual({
      comments: ['**Needs one approval from @&#8203;acme/data-owners.**'],
      labels: ['daypass: waiting'],
    })

    await world.approve('olivia', request)
    await world.settled()
    expect(await shown(request)).toEqual({
      comments: ['**Approved by olivia: olivia or oscar may merge.**'],
      labels: ['daypass: waiting'],
    })

    await world.merge('olivia', request)
    await world.settled()
    const open = await shown(request)
    expect(open.comments).toEqual([expect.stringMatching(/^\*\*Access is open until .*\*\*/)])
    expect(open.labels).toEqual(['daypass: active'])

    await world.advance('4h')
    await world.settled()
    const ended = await shown(request)
    expect(ended.comments).toEqual([
      expect.stringMatching(/^\*\*Access ended at .* because its window is over/),
    ])
    expect(ended.labels).toEqual(['daypass: ended'])
  })
})

describe('a request that can not be granted as it is', () => {
  test('says what to mend, and waits for an approval once it is mended', async () => {
    const request = await ask('too-long', requestYaml({ duration: '400h' }))
    expect((await shown(request)).comments).toEqual(["**It can't be granted as it is: 1 problem.**"])
    expect(await world.comment(request)).toMatch(/Line 4 of `.*too-long\.yaml`: .*Ask for `12h` at most/)

    await world.commit('alice', repository, request.branch, { [request.path]: requestYaml({}) })
    await world.settled()

    expect((await shown(request)).comments).toEqual(['**Needs one approval from @&#8203;acme/data-owners.**'])
  })

  test('says so when it asks for nothing any more, and bears no label then', async () => {
    const request = await ask('thought-better')
    await world.commit('alice', repository, request.branch, {
      [request.path]: null,
      'notes.md': 'Found it.\n',
    })
    await world.settled()
    expect(await shown(request)).toEqual({
      comments: ['**Nothing is asked for any more.** This pull request adds no access request.'],
      labels: [],
    })
  })

  test('bears the label of a refusal once it was merged all the same', async () => {
    const request = await ask('nobody-approved')
    await world.merge('olivia', request)
    await world.settled()
    const { comments, labels } = await shown(request)
    expect(comments).toEqual([expect.stringMatching(/^\*\*Not granted\.\*\*/)])
    expect(labels).toEqual(['daypass: refused'])
  })
})

describe('a request that is closed without a merge while the app is down', () => {
  let request: OpenedRequest
  beforeAll(async () => {
    request = await ask('closed')
    await world.app('kill')
    await setState('alice', request, 'closed')
    await world.app('start')
    await world.settled()
  })

  test('says that nothing was granted, and bears no label any more', async () => {
    expect(await shown(request)).toEqual({ comments: ['**Closed, and nothing was granted.**'], labels: [] })
  })

  test('waits again when it is reopened', async () => {
    await setState('alice', request, 'open')
    await world.settled()
    expect(await shown(request)).toEqual({
      comments: ['**Needs one approval from @&#8203;acme/data-owners.**'],
      labels: ['daypass: waiting'],
    })
  })
})

test('a label that a person sets claims nothing, and goes', async () => {
  const request = await ask('labelled')
  await world.github('mallory').issues.addLabels({
    ...named(repository),
    issue_number: request.pull,
    labels: ['daypass: active', 'mine'],
  })
  await world.settled()
  expect((await shown(request)).labels.sort()).toEqual(['daypass: waiting', 'mine'])
  expect((await shown(request)).comments).toEqual(['**Needs one approval from @&#8203;acme/data-owners.**'])
})

test('a pull request that asks for nothing is left in peace', async () => {
  const change = await world.propose('olivia', repository, {
    branch: 'docs',
    files: { 'README.md': 'How we lend.\n' },
  })
  await world.settled()
  expect(await shown(change)).toEqual({ comments: [], labels: [] })
})
