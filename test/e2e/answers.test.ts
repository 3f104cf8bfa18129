/** What people are told on a request's pull request before its merge and after: one comment, and one label. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt, verifyReceipt } from '../../src/core/receipt.ts'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'

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

test('whoever asks and whoever runs the app are told that the repository is public, while it is', async () => {
  const root = world.github('root')
  await root.repos.update({ ...named(repository), private: false })
  const [request, rules] = [await ask('for-everybody'), (await world.fileOnMain(repository, RULES)) ?? '']
  const change = await world.propose('oscar', repository, {
    branch: 'reword',
    files: { [RULES]: `# Ours.\n${rules}` },
  })
  await world.settled()
  for (const { repository, head } of [request, change])
    expect((await world.check(repository, head, 'Daypass / request'))?.output.summary).toMatch(
      /^⚠️ \*\*This repository is public\.\*\*/,
    )
  const told = (await world.appLog()).match(/The access repository is public/g)
  expect(told).toHaveLength(1)

  await root.repos.update({ ...named(repository), private: true })
  expect((await world.requestCheck(await ask('for-few')))?.output.summary).not.toContain('public')
})

test('the last use of its role is in the receipt: as it was put on record, whatever was tried since', async () => {
  const request = await world.grant(
    { login: 'alice' },
    repository,
    `${FOLDER}/used.yaml`,
    requestYaml({ duration: '2h' }),
  )
  // The session is still good when the window is over.
  await world.advance('90m')
  const assumed = await world.assume('alice', (await world.roleOf(request)) ?? '')
  if (assumed.kind === 'denied') throw new Error('alice is not let in')
  const used = Math.floor((await world.now()) / 1000)
  const tryToRead = () => world.read(assumed.value, 'customer-exports', 'exports/2026/11/orders.csv')
  expect((await tryToRead()).kind).toBe('allowed')

  const killed = world.endAfter(
    'kill',
    ({ method, path, status }) => method === 'POST' && path.endsWith('/pulls') && status === 201,
  )
  await world.setClock(new Date(request.mergedAt + 2 * 3_600_000).toISOString())
  await killed
  await world.advance('1m')
  expect((await tryToRead()).kind).toBe('denied')
  await world.app('start')
  await world.settled()

  const [message = ''] = await world.removals(repository, request.path)
  const receipt = parseReceipt(message)
  expect(receipt?.lastUsed?.region).toBe(world.ready.aws.region)
  expect(Math.abs((receipt?.lastUsed?.at ?? 0) - used)).toBeLessThan(60)
  expect(verifyReceipt(message, [world.receiptKey])).toBe('signed')
  expect(await world.comment(request)).toMatch(/The role was last used at .* UTC, for `eu-central-1`/)
})

describe('where the rules say when to remind people, and when to give up', () => {
  beforeAll(async () => {
    const rules = (await world.fileOnMain(repository, RULES)) ?? ''
    const fallback = `    fallback: { owners: ['@mallory'], after: 8h }\n`
    const asked = rules.replace(/bucket: customer-exports\n/, (entry) => entry + fallback)
    const files = { [RULES]: `${asked}remind_before: 15m\nclose_after: 14d\n` }
    await world.land(repository, { branch: 'remind', files })
  })

  const grant = (name: string) =>
    world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration: '4h' }))

  const toMinutesBeforeTheEnd = async ({ mergedAt }: MergedRequest, minutes: number) => {
    await world.setClock(new Date(mergedAt + (240 - minutes) * 60_000).toISOString())
    await world.settled()
  }

  describe('whom an access is for is mentioned before its end', () => {
    const reminder = expect.stringMatching(/^@alice: \*\*access ends at .* UTC\.\*\*/)
    let request: MergedRequest
    beforeAll(async () => {
      request = await grant('reminded')
    })

    test('not a minute sooner than the rules say, and once although GitHub loses the answer', async () => {
      await toMinutesBeforeTheEnd(request, 16)
      expect((await shown(request)).comments).toHaveLength(1)

      const path = '/repos/*/issues/*/comments'
      const fault = { kind: 'answer-lost' }
      await world.order({ service: 'github', method: 'POST', path, times: 1, fault })
      await toMinutesBeforeTheEnd(request, 15)
      await toMinutesBeforeTheEnd(request, 14)
      const { comments } = await shown(request)
      expect(comments).toEqual([expect.stringMatching(/^\*\*Access is open until/), reminder])
    })

    test('and never again, by a new process or at the end', async () => {
      await world.app('kill')
      await world.app('start')
      await world.settled()
      expect((await shown(request)).comments).toHaveLength(2)

      await toMinutesBeforeTheEnd(request, 0)
      const { comments } = await shown(request)
      expect(comments).toEqual([expect.stringMatching(/^\*\*Access ended at/), reminder])
      const written = world.exchanges.filter(
        (exchange) =>
          exchange.kind === 'rest' &&
          exchange.method === 'POST' &&
          exchange.path.endsWith(`/${repository}/issues/${request.pull}/comments`),
      )
      expect(written, 'before the merge, of the grant, and the reminder').toHaveLength(3)
    })
  })

  test('nobody is reminded of what was given back', async () => {
    const request = await grant('given-back')
    await world
      .github('alice')
      .issues.createComment({ ...named(repository), issue_number: request.pull, body: '/daypass revoke' })
    await world.settled()
    await toMinutesBeforeTheEnd(request, 10)
    expect((await shown(request)).comments).toHaveLength(1)
  })

  test('who stands in for the owners is asked when these had their time, and told of before', async () => {
    const request = await ask('unanswered')
    expect(await world.comment(request)).toMatch(
      /From .* UTC on, \*\*@&#8203;mallory\*\* is asked to look at it/,
    )
    expect(await requested(request)).toEqual(['data-owners'])

    await wait('8h')
    expect(await requested(request)).toEqual(['mallory', 'data-owners'])
  })

  async function requested({ pull }: OpenedRequest): Promise<string[]> {
    const at = { ...named(repository), pull_number: pull }
    const { data } = await world.github('root').pulls.listRequestedReviewers(at)
    return [...data.users.map(({ login }) => login), ...data.teams.map(({ slug }) => slug)]
  }

  const stateOf = async ({ pull }: OpenedRequest) =>
    (await world.github('root').pulls.get({ ...named(repository), pull_number: pull })).data.state

  async function wait(duration: string): Promise<void> {
    await world.advance(duration)
    await world.settled()
  }

  test('a request that nobody approves is closed with a word of why, and counts anew when it is reopened', async () => {
    const [forgotten, approved] = [await ask('forgotten'), await ask('approved')]
    await world.approve('olivia', approved)
    await wait('13d')
    expect(await stateOf(forgotten)).toBe('open')

    await wait('25h')
    expect(await stateOf(forgotten)).toBe('closed')
    expect(await shown(forgotten)).toEqual({
      comments: [expect.stringMatching(/^\*\*Closed, as it waited for 14 d without an approval\.\*\*/)],
      labels: [],
    })
    expect(await stateOf(approved), 'what is approved waits for its merge').toBe('open')

    await setState('alice', forgotten, 'open')
    await wait('13d')
    expect(await stateOf(forgotten)).toBe('open')
    expect((await shown(forgotten)).labels).toEqual(['daypass: waiting'])
    await wait('25h')
    expect(await stateOf(forgotten)).toBe('closed')
  })

  test('a push or a review is a sign of life', async () => {
    const [pushed, reviewed] = [await ask('pushed-to'), await ask('reviewed')]
    await wait('10d')
    await world.commit('alice', repository, pushed.branch, {
      [pushed.path]: requestYaml({ reason: 'Find the corrupt rows behind INC-4212' }),
    })
    await world.github('olivia').pulls.createReview({
      ...named(repository),
      pull_number: reviewed.pull,
      event: 'COMMENT',
      body: 'Which rows?',
    })
    await wait('5d')
    expect([await stateOf(pushed), await stateOf(reviewed)]).toEqual(['open', 'open'])
  })
})
