import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'

let world: TestWorld
/** Where GitHub lets everything pass. */
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
})

afterAll(() => world.close())

afterEach(async () => {
  expect(await world.roles()).toEqual([])
})

const open = (login: string, name: string, yaml = requestYaml({ requester: login })) =>
  world.openRequest(login, repository, `${FOLDER}/${name}.yaml`, yaml)

async function merge(login: string, request: OpenedRequest): Promise<MergedRequest> {
  const merged = await world.mergeAs(login, request, 'merge')
  await world.settled()
  return merged
}

/** The app says why in comment and record, grants nothing, and takes the file out again. */
async function expectRefused(request: MergedRequest, code: string): Promise<void> {
  const comment = await world.comment(request)
  expect(comment).toContain('**Not granted.**')
  expect(comment).toContain(`(\`${code}\`)`)
  expect(comment).not.toContain('role_arn')
  expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'failure' })
  expect(await world.revertOf(request)).toMatchObject({ merged_at: expect.any(String) })
  expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
  expect(comment).toContain('takes it out of the branch.')
}

describe('an approval', () => {
  test('that nobody gave is none, whoever merges', async () => {
    await expectRefused(await merge('alice', await open('alice', 'self-merged')), 'approvals-missing')
    await expectRefused(await merge('olivia', await open('alice', 'merge-only')), 'approvals-missing')
  })

  test('of the requester is none, even of an owner', async () => {
    const rules = (await world.fileOnMain(repository, '.github/daypass.yml')) ?? ''
    const files = { '.github/daypass.yml': `${rules}  oscar: { iam_user: oscar, account: prod }\n` }
    const change = await world.propose('oscar', repository, { branch: 'add-oscar', files })
    await world.approve('olivia', change)
    await merge('olivia', change)
    const request = await open('oscar', 'oscars-own')
    await expect(world.approve('oscar', request)).rejects.toMatchObject({ status: 422 })

    await expectRefused(await merge('oscar', request), 'approvals-missing')
  })

  test('of somebody who owns nothing is none', async () => {
    const request = await open('alice', 'by-mallory')
    await world.approve('mallory', request)

    await expectRefused(await merge('olivia', request), 'approvals-missing')
  })

  test('of other bytes than those merged is none', async () => {
    const request = await open('alice', 'pushed-after')
    await world.approve('olivia', request)
    const head = await world.commit('alice', repository, request.branch, {
      [request.path]: requestYaml({ duration: '12h' }),
    })

    await expectRefused(await merge('olivia', { ...request, head }), 'approvals-missing')
  })

  test('given after the merge is none', async () => {
    await world.app('stop')
    const request = await open('alice', 'approved-late')
    const merged = await world.mergeAs('olivia', request, 'merge')
    await world.advance('1m')
    await world.approve('olivia', request)
    await world.app('start')
    await world.settled()

    await expectRefused(merged, 'approvals-missing')
  })

  test('does not stand against an owner who asks for changes', async () => {
    const request = await open('alice', 'contested')
    await world.approve('olivia', request)
    await world.github('oscar').pulls.createReview({
      ...named(repository),
      pull_number: request.pull,
      event: 'REQUEST_CHANGES',
      body: 'Too much.',
    })

    await expectRefused(await merge('olivia', request), 'changes-requested')
  })
})

test('a merge by somebody who owns nothing is refused', async () => {
  const request = await open('alice', 'merged-by-mallory')
  await world.approve('olivia', request)

  await expectRefused(await merge('mallory', request), 'merger-not-an-owner')
})

test('nobody asks for somebody else', async () => {
  const request = await open('mallory', 'for-alice', requestYaml({ requester: 'alice' }))
  await world.approve('olivia', request)

  await expectRefused(await merge('olivia', request), 'requester-not-author')
})

test('a request with another change beside it is refused', async () => {
  const files = { [`${FOLDER}/beside.yaml`]: requestYaml({}), 'README.md': '# Changed\n' }
  const request = await world.propose('alice', repository, { branch: 'beside', files })
  await world.approve('olivia', request)

  await expectRefused(await merge('olivia', request), 'other-changes')
})

test('a request that breaks the rules is refused, although it was approved', async () => {
  const request = await open('alice', 'too-long', requestYaml({ duration: '48h' }))
  await world.approve('olivia', request)

  await expectRefused(await merge('olivia', request), 'window-too-long')
})

test('a request whose window was over before the app saw it is refused', async () => {
  await world.app('kill')
  const request = await open('alice', 'slept-through', requestYaml({ duration: '1h' }))
  await world.approve('olivia', request)
  const merged = await world.mergeAs('olivia', request, 'merge')
  await world.advance('2h')
  await world.app('start')
  await world.settled()

  await expectRefused(merged, 'window-over')
})

test('a file that was pushed to the branch opens nothing, and is taken out', async () => {
  const path = `${FOLDER}/pushed.yaml`
  await world.commit('mallory', repository, 'main', { [path]: requestYaml({ requester: 'mallory' }) })
  await world.settled()

  expect(await world.fileOnMain(repository, path)).toBeUndefined()
  const [newest] = await world.reverts(repository)
  expect(newest).toMatchObject({
    merged_at: expect.any(String),
    body: expect.stringContaining('no-pull-request'),
  })
})

test('a refusal is final: the same bytes pushed again stay refused', async () => {
  const yaml = requestYaml({})
  const request = await merge('alice', await open('alice', 'final', yaml))
  await expectRefused(request, 'approvals-missing')
  await world.approve('olivia', request)
  await world.commit('alice', repository, 'main', { [request.path]: yaml })
  await world.settled()

  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.comment(request)).toContain('(`approvals-missing`)')
})

test('in the protected repository GitHub itself keeps an unapproved request out', async () => {
  const path = `${FOLDER}/protected.yaml`
  const request = await world.openRequest('alice', world.repositories.protected, path, requestYaml({}))
  await world.settled()

  await expect(world.merge('alice', request)).rejects.toMatchObject({ status: 405 })
  expect(await world.fileOnMain(world.repositories.protected, path)).toBeUndefined()
})
