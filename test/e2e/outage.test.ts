import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt } from '../../src/core/receipt.ts'
import { revertBranch } from '../../src/core/revert-texts.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { proposeRemoval } from '../support/branches.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'
const WINDOW = 30 * 60

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.protected
})

afterAll(() => world.close())

const grant = (name: string) =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration: '30m' }))

async function sessionOf(request: MergedRequest): Promise<AwsKeys> {
  const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
  if (session.kind === 'denied') throw new Error('alice is not let in')
  return session.value
}

const endOf = ({ mergedAt }: MergedRequest) => mergedAt / 1000 + WINDOW
const setTime = (seconds: number) => world.setClock(new Date(seconds * 1000).toISOString())

async function startAgain(): Promise<void> {
  await world.app('start')
  await world.settled()
}

async function expectEnded(request: MergedRequest): Promise<void> {
  expect(await world.roles()).toEqual([])
  expect(await world.revertOf(request)).toMatchObject({ merged_at: expect.any(String) })
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.comment(request)).toContain('**Access ended at')
  expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'neutral' })
}

describe('while the app is dead', () => {
  test('access ends at the very second all the same, and is cleaned up when the app is back', async () => {
    const request = await grant('killed')
    const role = (await world.roleOf(request)) ?? ''
    const keys = await sessionOf(request)
    await world.app('kill')
    await setTime(endOf(request) - 5)
    const before = await world.read(keys, 'customer-exports', NOVEMBER)
    await setTime(endOf(request))
    const after = await world.read(keys, 'customer-exports', NOVEMBER)

    expect([before.kind, after]).toEqual(['allowed', { kind: 'denied', code: 'AccessDenied' }])
    expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
    expect(await world.role(role)).toBeDefined()

    await startAgain()
    await expectEnded(request)
    const [receipt = ''] = await world.removals(repository, request.path)
    expect(parseReceipt(receipt)).toMatchObject({ until: endOf(request), endedBecause: 'expired' })
  })

  test('a removal that was merged ends access as soon as the app is back', async () => {
    const request = await grant('removed-meanwhile')
    const keys = await sessionOf(request)
    const removal = await proposeRemoval(world.github('alice'), repository, 'remove', [request.path])
    await world.settled()
    await world.app('kill')
    await world.approve('olivia', removal)
    await world.merge('olivia', removal)
    await startAgain()

    expect(await world.read(keys, 'customer-exports', NOVEMBER)).toMatchObject({ kind: 'denied' })
    await setTime(endOf(request))
    await world.settled()
    expect(await world.roles()).toEqual([])
  })

  test('a request that was approved and merged is granted when the app is back, with the window of the merge', async () => {
    const opened = await world.openRequest('alice', repository, `${FOLDER}/missed.yaml`, requestYaml({}))
    await world.settled()
    await world.approve('olivia', opened)
    await world.settled()
    await world.app('kill')
    const request = await world.mergeAs('olivia', opened, 'merge')
    await world.advance('1h')
    await startAgain()

    expect(await world.readAs('alice', request, 'customer-exports', NOVEMBER)).toMatchObject({
      kind: 'allowed',
    })
    const end = new Date(request.mergedAt + 4 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
    expect(await world.comment(request)).toContain(`**Access is open until ${end}`)
    await world.setClock(new Date(request.mergedAt + 4 * 3_600_000).toISOString())
    await world.settled()
    await expectEnded(request)
  })
})

/** Two points with a real kill; `test/proof/crash-matrix.test.ts` ends the app after every call. */
describe('killed in the middle of its work', () => {
  test.each([
    ['the verdict was on record', 'POST', /\/check-runs$/, 'grant'],
    ['the receipt was committed', 'DELETE', /\/contents\//, 'end'],
  ] as const)('right after %s, it goes on from there', async (when, method, path, stage) => {
    const reached = (call: { method: string; path: string }) => call.method === method && path.test(call.path)
    const name = when.replaceAll(' ', '-')
    const opened = await world.openRequest(
      'alice',
      repository,
      `${FOLDER}/${name}.yaml`,
      requestYaml({ duration: '30m' }),
    )
    await world.settled()
    await world.approve('olivia', opened)
    await world.settled()
    const killed = stage === 'grant' ? world.endAfter('kill', reached) : undefined
    const request = await world.mergeAs('olivia', opened, 'merge')
    await killed
    if (killed) await startAgain()
    await world.settled()
    expect(await world.readAs('alice', request, 'customer-exports', NOVEMBER)).toMatchObject({
      kind: 'allowed',
    })

    const killedAtTheEnd = stage === 'end' ? world.endAfter('kill', reached) : undefined
    await setTime(endOf(request))
    await killedAtTheEnd
    if (killedAtTheEnd) await startAgain()
    await world.settled()
    await expectEnded(request)
    expect(await world.removals(repository, request.path)).toHaveLength(1)
  })
})

test('a revert pull request that a person closed stays closed, and the file opens nothing', async () => {
  const request = await grant('closed')
  const killed = world.endAfter('kill', ({ method, path }) => method === 'POST' && path.endsWith('/pulls'))
  await setTime(endOf(request))
  await killed
  const revert = await world.revertOf(request)
  await world
    .github('olivia')
    .pulls.update({ ...named(repository), pull_number: revert?.number ?? 0, state: 'closed' })
  await startAgain()
  const reverts = (await world.reverts(repository)).filter(({ title }) =>
    title.includes(`(#${request.pull})`),
  )

  expect(reverts).toMatchObject([{ state: 'closed', merged_at: null }])
  expect(await world.fileOnMain(repository, request.path)).toBeDefined()
  expect(await world.roles()).toEqual([])
  expect(await world.comment(request)).toContain('was closed')
})

test('a pull request that somebody opened from the revert branch is never merged by the app, only its own', async () => {
  const { unprotected } = world.repositories
  const path = `${FOLDER}/hijacked.yaml`
  const request = await world.grant({ login: 'alice' }, unprotected, path, requestYaml({ duration: '30m' }))
  const readme = await world.fileOnMain(unprotected, 'README.md')
  const branch = revertBranch({ repositoryId: 1002, path, pull: request.pull })
  const files = { [path]: null, 'README.md': 'Something else altogether\n' }
  const hijacked = await world.propose('mallory', unprotected, { branch, files })
  await setTime(endOf(request))
  await world.settled()
  expect(await world.roles()).toEqual([])
  expect(await world.fileOnMain(unprotected, path)).toBeDefined()

  const at = { ...named(unprotected), pull_number: hijacked.pull }
  await world.github('mallory').pulls.update({ ...at, state: 'closed' })
  await world.settled()

  expect(await world.fileOnMain(unprotected, path)).toBeUndefined()
  expect(await world.fileOnMain(unprotected, 'README.md')).toBe(readme)
  expect(await world.revertOf(request)).toMatchObject({ merged_at: expect.any(String) })
  expect((await world.github('root').pulls.get(at)).data.merged_at).toBeNull()
})

describe('where somebody has to mend AWS first', () => {
  const setQuota = (rolesQuota: number) =>
    fetch(`${world.ready.control.url}/iam`, { method: 'POST', body: JSON.stringify({ rolesQuota }) })

  test('people are told what a grant waits for, and it opens once that is mended', async () => {
    await setQuota(0)
    const request = await grant('over-the-quota')
    const check = await world.requestCheck(request)
    expect(check).toMatchObject({ conclusion: 'success' })
    expect(check?.output.summary).toContain('**The AWS account has no room for another role now.**')
    const comment = await world.comment(request)

    expect(comment).toContain('**Approved, but not open yet.**')
    expect(comment).toMatch(/A quota of account prod .* is used up: .*RolesPerAccount/)
    expect(comment).toContain('**What to do:** Ask AWS to raise it, or let grants end first.')
    expect(await world.grantCheck(request)).toMatchObject({
      status: 'in_progress',
      output: { title: 'Approved, but not open yet' },
    })

    await setQuota(1000)
    await world.advance('5m')
    await world.settled()
    expect(await world.comment(request)).toContain('**Access is open until')
    expect((await sessionOf(request)).accessKeyId).toMatch(/^ASIA/)
  })
})

describe('when GitHub has deleted the record, as it does after some months', () => {
  test('the receipt of a revert pull request that still waits stays what it is, and so does the comment', async () => {
    const request = await grant('forgotten')
    const notNow = { kind: 'status', status: 405 }
    await world.order({ service: 'github', method: 'PUT', path: '*/pulls/*/merge', fault: notNow })
    await setTime(endOf(request))
    await world.settled()
    const before = await waitingRevert(request)
    const comment = await world.comment(request)

    await world.app('kill')
    await setTime(endOf(request) + 91 * 86_400)
    await startAgain()

    expect(await world.grantCheck(request)).toBeUndefined()
    expect(parseReceipt(before.message)).toMatchObject({ path: request.path, pull: request.pull })
    expect(await waitingRevert(request)).toEqual(before)
    expect(await world.comment(request)).toBe(comment)
    expect(comment).toContain('**Access ended at')
    await world.clearFaults()
  })

  async function waitingRevert(request: MergedRequest) {
    const revert = await world.revertOf(request)
    const ref = revert?.head.sha ?? ''
    const { data } = await world.github('root').repos.getCommit({ ...named(repository), ref })
    return { state: revert?.state, sha: data.sha, message: data.commit.message }
  }
})
