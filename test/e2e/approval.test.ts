/** The check `Daypass / approval` over the real wires: each state, each sentence, and that a success is honoured. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'
const CHECK = 'Daypass / approval'
const NEEDS = 'Needs one approval from @acme/data-owners'

let world: TestWorld
let guarded: string
let open: string

beforeAll(async () => {
  world = await startWorld()
  guarded = world.repositories.protected
  open = world.repositories.unprotected
})

afterAll(() => world.close())

/** Opens a request, and waits until the app has looked at it. */
async function ask(name: string, repository = open, login = 'alice'): Promise<OpenedRequest> {
  const yaml = requestYaml({ requester: login })
  const request = await world.openRequest(login, repository, `${FOLDER}/${name}.yaml`, yaml)
  await world.settled()
  return request
}

/** What the check says: `pending: …`, `success: …` or `neutral: …`. */
async function says(request: OpenedRequest): Promise<string> {
  await world.settled()
  const check = await world.approvalCheck(request)
  const state = check?.status === 'in_progress' ? 'pending' : check?.conclusion
  return `${state}: ${check?.output.title}`
}

const summaryOf = async (request: OpenedRequest) => (await world.approvalCheck(request))?.output.summary

async function review(
  login: string,
  { repository, pull, head }: OpenedRequest,
  event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT',
) {
  const at = { ...named(repository), pull_number: pull, commit_id: head, event, body: 'As I see it.' }
  return (await world.github(login).pulls.createReview(at)).data.id
}

async function requested({ repository, pull }: OpenedRequest): Promise<string[]> {
  const { data } = await world
    .github('root')
    .pulls.listRequestedReviewers({ ...named(repository), pull_number: pull })
  return [...data.users.map(({ login }) => login), ...data.teams.map(({ slug }) => `acme/${slug}`)]
}

async function mergeStatus(login: string, request: OpenedRequest): Promise<number> {
  const merged = world.merge(login, request).then(() => 200)
  return merged.catch((error: unknown) =>
    error instanceof Error && 'status' in error ? Number(error.status) : 0,
  )
}

describe('a request on its way', () => {
  test('waits for an owner, holds up the merge, succeeds when one approves, and the merge is honoured', async () => {
    const request = await ask('on-its-way', guarded)
    const first = await world.approvalCheck(request)
    expect(await says(request)).toBe(`pending: ${NEEDS}`)
    expect(first?.output.summary).toContain('**olivia** or **oscar** may approve it')
    expect(first?.output.summary).toContain('**olivia** or **oscar** may merge it')
    expect(await mergeStatus('olivia', request)).toBe(405)

    await world.approve('mallory', request)
    expect(await says(request)).toBe(`pending: ${NEEDS}; mallory is no owner with write access`)

    await world.approve('olivia', request)
    expect(await says(request)).toBe('success: Approved by olivia: olivia or oscar may merge')
    expect(await summaryOf(request)).toContain(
      'The approval of mallory does not count: it was not given by a code owner',
    )
    expect((await world.approvalCheck(request))?.id, 'the one that waited is carried on').toBe(first?.id)

    await world.merge('olivia', request)
    await world.settled()
    expect(
      await world.readAs('alice', request, 'customer-exports', 'exports/2026/11/orders.csv'),
    ).toMatchObject({
      kind: 'allowed',
    })
  })

  test('has its owners asked for a review once, and never again', async () => {
    const request = await ask('asked')
    expect(await requested(request)).toEqual(['acme/data-owners'])

    await review('oscar', request, 'COMMENT')
    await world.settled()
    await world.advance('12m')
    await world.settled()

    expect(await requested(request), 'a review of a member is what was asked of the team').toEqual([])
    const asks = world.exchanges.filter(
      (exchange) =>
        exchange.kind === 'rest' &&
        exchange.method === 'POST' &&
        exchange.path.endsWith(`/${open}/pulls/${request.pull}/requested_reviewers`),
    )
    expect(asks).toHaveLength(1)
  })

  test('goes back to waiting with a push, under a new check on the new commit', async () => {
    const request = await ask('pushed')
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(/^success: /)

    const head = await world.commit('alice', open, request.branch, {
      [request.path]: requestYaml({ duration: '12h' }),
    })

    expect(await says({ ...request, head })).toBe(`pending: ${NEEDS}; olivia's approval was for other bytes`)
    expect(await summaryOf({ ...request, head })).toContain('(`approvals-missing`)')
  })

  test('goes back to waiting on the same commit when the approval is dismissed, in a check of its own', async () => {
    const request = await ask('dismissed')
    const review_id = await review('olivia', request, 'APPROVE')
    expect(await says(request)).toMatch(/^success: /)
    const approved = await world.approvalCheck(request)

    const at = { ...named(open), pull_number: request.pull, review_id, message: 'Not yet' }
    await world.github('olivia').pulls.dismissReview(at)

    expect(await says(request)).toBe(`pending: ${NEEDS}; olivia's review was dismissed`)
    expect((await world.approvalCheck(request))?.id).not.toBe(approved?.id)
  })

  test('says who asks for changes', async () => {
    const request = await ask('changes')
    await review('olivia', request, 'APPROVE')
    await review('oscar', request, 'REQUEST_CHANGES')
    expect(await says(request)).toBe('pending: oscar asks for changes')

    await review('oscar', request, 'APPROVE')
    expect(await says(request)).toBe('success: Approved by olivia and oscar: olivia or oscar may merge')
  })

  test('counts no approval from before it was pointed at another branch', async () => {
    await world.commit('root', open, 'release', { 'RELEASE.md': 'Another branch\n' })
    const request = await ask('retargeted')
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(/^success: /)

    const retarget = (base: string) =>
      world.github('alice').pulls.update({ ...named(open), pull_number: request.pull, base })
    await retarget('release')
    expect(await says(request)).toBe(
      'pending: The pull request does not go into main, the default branch of this repository',
    )
    await retarget('main')
    expect(await says(request)).toBe(`pending: ${NEEDS}; olivia's approval was for another base branch`)
  })

  test('waits as a draft, bothers nobody, and asks its owners once it is ready', async () => {
    const path = `${FOLDER}/draft.yaml`
    const files = { [path]: requestYaml({}) }
    const request = await world.propose('alice', open, { branch: 'draft', files, draft: true })
    expect(await says(request)).toBe(`pending: It is a draft; needs one approval from @acme/data-owners`)
    expect(await requested(request)).toEqual([])
    await world.approve('olivia', request)
    expect(await says(request)).toBe(
      'pending: Approved by olivia, but still a draft: mark it ready for review',
    )

    // What GitHub's button does; its REST interface has nothing for it.
    await fetch(`${world.ready.github.url}/${open}/pull/${request.pull}/ready`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.ready.github.tokens.alice}` },
    })
    expect(await says(request)).toBe('success: Approved by olivia: olivia or oscar may merge')
  })

  test('follows who is in the team, though nothing tells of it', async () => {
    const request = await ask('left-the-team')
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(/^success: /)
    const { teams } = world.github('root')
    const member = { org: 'acme', team_slug: 'data-owners', username: 'olivia' }

    await teams.removeMembershipForUserInOrg(member)
    await world.advance('11m')
    expect(await says(request)).toBe(`pending: ${NEEDS}; olivia is no owner with write access`)

    await teams.addOrUpdateMembershipForUserInOrg(member)
    await world.advance('11m')
    expect(await says(request)).toBe('success: Approved by olivia: olivia or oscar may merge')
  })

  test('stays as it is where GitHub does not let the app ask for reviews', async () => {
    const fault = { kind: 'status', status: 422 }
    await control('/faults', { service: 'github', method: 'POST', path: '*/requested_reviewers', fault })
    const request = await ask('not-to-be-asked')
    expect(await says(request)).toBe(`pending: ${NEEDS}`)
    expect(await requested(request)).toEqual([])

    await fetch(`${world.ready.control.url}/faults`, { method: 'DELETE' })
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(/^success: /)
  })
})

describe('a request that can not be granted', () => {
  test('waits until it is mended', async () => {
    const yaml = requestYaml({ duration: '48h' })
    const request = await world.openRequest('alice', open, `${FOLDER}/too-long.yaml`, yaml)
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(
      /^pending: It can't be granted as it is: The window of 2d is longer than 12h/,
    )
  })

  test('waits while new access is paused, and goes by the rules as they change', async () => {
    const request = await ask('ruled')
    await world.approve('olivia', request)
    expect(await says(request)).toMatch(/^success: /)
    const rules = (await world.fileOnMain(open, RULES)) ?? ''
    const change = async (branch: string, text: string) =>
      world.land(open, { branch, files: { [RULES]: text } })

    await change('pause', rules.replace('paused: false', 'paused: true'))
    expect(await says(request)).toBe('pending: New access is paused by the rules')

    await change('two', rules.replace('whole_bucket: refused', 'whole_bucket: refused\n    approvals: 2'))
    expect(await says(request)).toBe('pending: Needs one more approval from @acme/data-owners')
    await world.approve('oscar', request)
    expect(await says(request)).toBe('success: Approved by olivia and oscar: olivia or oscar may merge')

    await change('mended', rules)
    expect(await says(request)).toMatch(/^success: /)
  })
})

describe('what is no request', () => {
  test('is let through at once, so that a required check does not hold it up', async () => {
    const files = { 'README.md': '# Access\n' }
    const change = await world.propose('alice', guarded, { branch: 'docs', files })
    expect(await says(change)).toBe('neutral: No access request in this pull request')
  })

  test('needs no approval to end access', async () => {
    const path = `${FOLDER}/given-back.yaml`
    await world.grant({ login: 'alice' }, open, path, requestYaml({}))
    const change = await world.propose('alice', open, { branch: 'give-back', files: { [path]: null } })
    expect(await says(change)).toBe('success: Ending access needs no approval')
  })

  test('waits for an owner where it changes the rules, so that they stay trusted', async () => {
    const rules = (await world.fileOnMain(open, RULES)) ?? ''
    const propose = (branch: string, text: string) =>
      world.propose('oscar', open, { branch, files: { [RULES]: text } })
    const one = await propose('shorter', rules.replace('12h', '8h'))
    const two = await propose('longer', rules.replace('max_duration: 12h', 'max_duration: 11h'))
    expect(await says(one)).toBe(`pending: ${NEEDS}`)
    expect(await requested(one)).toEqual(['acme/data-owners'])
    await world.approve('olivia', one)
    await world.approve('olivia', two)
    expect(await says(one)).toBe('success: Approved by olivia: anyone with write access may merge')

    await world.merge('mallory', one)
    expect(await says(two)).toMatch(/^pending: .*daypass\.yml was changed on the default branch meanwhile/)
  })

  test('waits for an owner where it moves CODEOWNERS away', async () => {
    const owners = (await world.fileOnMain(open, '.github/CODEOWNERS')) ?? ''
    const files = { '.github/CODEOWNERS': null, 'OLD-OWNERS': owners }
    const change = await world.propose('mallory', open, { branch: 'moved-owners', files })
    expect(await says(change)).toBe(`pending: ${NEEDS}`)
  })
})

describe('commits that several pull requests share', () => {
  test('are approved only when each of them is', async () => {
    const request = await ask('shared')
    await world.approve('olivia', request)
    const at = named(open)
    await world.github('mallory').git.createRef({ ...at, ref: 'refs/heads/same', sha: request.head })
    const { data } = await world
      .github('mallory')
      .pulls.create({ ...at, head: 'same', base: 'main', title: 'The same again' })
    expect(await says(request)).toContain(
      `of #${data.number}: The requester named in the file is not mallory`,
    )
    expect(await says(request)).toMatch(/^pending: /)

    await world.github('mallory').pulls.update({ ...at, pull_number: data.number, state: 'closed' })
    expect(await says(request)).toMatch(/^success: /)
  })

  test('wait in a merge group for what each pull request in it lacks', async () => {
    const path = `${FOLDER}/queued.yaml`
    const request = await ask('queued', guarded)
    const main = await world.github('root').git.getRef({ ...named(guarded), ref: 'heads/main' })
    const branch = `gh-readonly-queue/main/pr-${request.pull}-${main.data.object.sha}`
    const head = await world.commit('root', guarded, branch, { [path]: requestYaml({}) })
    const group = { ...request, head }
    expect(await says(group)).toBe(`pending: ${NEEDS}`)
    await world.approve('olivia', request)
    expect(await says(group)).toBe('success: Approved by olivia: olivia or oscar may merge')

    const stray = `${FOLDER}/stray.yaml`
    const added = await world.commit('root', guarded, branch, { [stray]: requestYaml({}) })
    expect(await says({ ...group, head: added })).toBe(
      `pending: No pull request in the queue brings \`${stray}\` as this merge group has it`,
    )
  })
})

test('a look at which nothing changed writes nothing, and asks nothing of the pull requests that wait', async () => {
  await world.settled()
  // Past whatever is looked at again after an hour.
  await world.advance('61m')
  await world.settled()
  await world.clearCalls()
  await world.advance('6m')
  await world.settled()

  const calls = (await world.calls()).filter(({ service }) => service === 'github')
  expect(calls.length).toBeGreaterThan(0)
  expect(calls.map(({ method }) => method).filter((method) => method !== 'GET')).toEqual([])
  expect(
    calls.filter(({ target }) => /\/(pulls|issues)\/\d+|check-runs|permission|teams/.test(target)),
  ).toEqual([])
})

test('a check that is asked for again is written anew', async () => {
  const request = await ask('again')
  await world.approve('olivia', request)
  await world.settled()
  const check = await world.approvalCheck(request)
  await world.github('alice').checks.rerequestRun({ ...named(open), check_run_id: check?.id ?? 0 })

  expect(await says(request)).toBe('success: Approved by olivia: olivia or oscar may merge')
  const { data } = await world
    .github('root')
    .checks.listForRef({ ...named(open), ref: request.head, check_name: CHECK, filter: 'all' })
  expect(data.check_runs.every(({ status }) => status === 'completed')).toBe(true)
})

async function control(path: string, body: object): Promise<void> {
  const response = await fetch(world.ready.control.url + path, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
}
