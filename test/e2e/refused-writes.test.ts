/** What GitHub or AWS will not take: it is told where it can be, and holds up nothing else. */
import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const KEY = 'exports/2026/11/orders.csv'
const RULES = '.github/daypass.yml'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
})

afterEach(() => world.clearFaults())

afterAll(() => world.close())

async function merged(name: string, { approved = true } = {}) {
  const path = `${FOLDER}/${name}.yaml`
  const request = await world.openRequest('alice', repository, path, requestYaml({ duration: '30m' }))
  await world.settled()
  if (approved) await world.approve('olivia', request)
  const landed = await world.mergeAs('olivia', request, 'merge')
  await world.settled()
  return landed
}

async function recordsOf({ sha }: { readonly sha: string }): Promise<number> {
  const at = { ...named(repository), ref: sha, check_name: 'Daypass / grant', filter: 'all' } as const
  return (await world.github('root').checks.listForRef(at)).data.total_count
}

async function tryAgain(): Promise<void> {
  await world.clearFaults()
  await world.advance('1m')
  await world.settled()
}

async function commentIdOf({ pull }: OpenedRequest): Promise<number | undefined> {
  const { data } = await world
    .github('root')
    .issues.listComments({ ...named(repository), issue_number: pull })
  return data.find(({ user }) => user?.type === 'Bot')?.id
}

test('a grant that IAM refuses is told in comment and record, and given once IAM takes it', async () => {
  const fault = { kind: 'status', status: 403, code: 'AccessDenied' }
  await world.order({ service: 'aws', action: 'iam:CreateRole', fault })
  const request = await merged('refused-by-iam')

  expect(await world.roles()).toEqual([])
  const comment = await world.comment(request)
  expect(comment).toContain('**Approved, but not open yet.**')
  expect(comment).toContain('AWS refused the app a call in account prod')
  expect(await world.grantCheck(request)).toMatchObject({
    status: 'in_progress',
    output: { title: 'Approved, but not open yet' },
  })
  expect(await recordsOf(request)).toBe(1)
  const held = await commentIdOf(request)

  await tryAgain()
  expect(await world.comment(request)).toContain('**Access is open until')
  expect(await commentIdOf(request), 'people are notified of it').not.toBe(held)
  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })
})

test('a rejection is on record and told although its file can not be taken out yet, and stays what it was', async () => {
  const fault = { kind: 'status', status: 403 }
  await world.order({ service: 'github', method: 'POST', path: '/repos/*/git/refs', fault })
  const request = await merged('rejected-no-branch', { approved: false })

  expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'failure' })
  await tryAgain()
  expect(await world.comment(request)).toContain('(`approvals-missing`)')
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
})

test('a rejection that comes after a word that nothing is decided yet takes its place', async () => {
  const rules = (await world.fileOnMain(repository, RULES)) ?? ''
  const setRules = (branch: string, text: string) =>
    world.land(repository, { branch, files: { [RULES]: text } })
  await setRules('pause', rules.replace('paused: false', 'paused: true'))
  const request = await merged('rejected-late')
  expect(await world.comment(request)).toContain('(`paused`)')

  const refused = { kind: 'status', status: 403 }
  await world.order({
    service: 'github',
    caller: 'app',
    method: 'POST',
    path: '/repos/*/git/refs',
    fault: refused,
  })
  await world.advance('31m')
  await setRules('go-on', rules)
  expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'failure' })

  await tryAgain()
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.comment(request)).toContain('(`window-over`)')
})

test.each([
  ['a rejection', false],
  ['an end', true],
])('a locked conversation does not keep %s from record and revert pull request', async (what, approved) => {
  const fault = { kind: 'status', status: 403 }
  for (const method of ['POST', 'PATCH'])
    await world.order({ service: 'github', method, path: '/repos/*/issues/*comments*', fault })
  const request = await merged(`locked-${approved ? 'ended' : 'rejected'}`, { approved })
  if (what === 'an end') {
    await world.setClock(new Date(request.mergedAt + 30 * 60_000).toISOString())
    await world.settled()
  }

  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.grantCheck(request)).toMatchObject({ status: 'completed' })
  expect(await world.appLog()).toContain('GitHub takes no comment on a pull request')
})

test('an account that lets the app in no more holds up nothing in another, and its own windows close all the same', async () => {
  const clicks = await world.grant(
    { login: 'alice' },
    repository,
    'access-requests/analytics/clickstream/shut.yaml',
    requestYaml({ prefixes: [], duration: '30m' }),
  )
  const role = (await world.roleOf(clicks)) ?? ''
  const analytics = world.ready.aws.accounts.analytics?.id
  const administrator = await world.assume(
    'root',
    `arn:aws:iam::${analytics}:role/OrganizationAccountAccessRole`,
  )
  if (administrator.kind === 'denied') throw new Error('root is no administrator of analytics')
  const { endpoint, region } = world.ready.aws
  const iam = new IAMClient({ endpoint, region, credentials: administrator.value })
  const RoleName = 'DaypassAccountRole'
  const { Role: before } = await iam.send(new GetRoleCommand({ RoleName }))
  const trust = (PolicyDocument: string) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
  const nobody = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
  await trust(JSON.stringify({ Version: '2012-10-17', Statement: [nobody] }))
  // The session that the app holds lasts for an hour; another process has none.
  await world.app('kill')
  await world.app('start')
  await world.settled()

  const path = 'access-requests/analytics/clickstream/waits.yaml'
  const opened = await world.openRequest(
    'alice',
    repository,
    path,
    requestYaml({ prefixes: [], duration: '2h' }),
  )
  await world.settled()
  await world.approve('olivia', opened)
  const waiting = { ...opened, ...(await world.merge('olivia', opened)) }
  await world.settled()
  expect(await world.comment(waiting)).toContain('The AWS account analytics can not be read')
  expect(await world.comment(waiting)).toContain('(`account-unreadable`)')
  const change = await world.propose('alice', repository, {
    branch: 'longer-while-shut',
    files: { [clicks.path]: requestYaml({ prefixes: [], duration: '1h' }) },
  })
  await world.approve('olivia', change)
  await world.merge('olivia', change)
  await world.settled()
  expect(await world.comment(change)).toContain(
    '**Not extended yet.** The AWS account analytics can not be read',
  )
  expect(await world.comment(clicks)).toContain('**Access is open until')
  await world.advance('6m')
  await world.settled()
  expect(await world.comment(change)).not.toContain('was not found in AWS')

  const request = await merged('while-shut')
  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })
  await world.advance('30m')
  await world.settled()
  expect(await world.comment(request)).toContain('**Access ended at')
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
  expect(await world.comment(clicks)).toContain('**Access is open until')

  await trust(decodeURIComponent(before?.AssumeRolePolicyDocument ?? ''))
  await world.advance('1m')
  await world.settled()
  expect(await world.comment(clicks)).toContain('**Access ended at')
  expect(await world.fileOnMain(repository, clicks.path)).toBeUndefined()
  expect(await world.comment(waiting)).toContain('**Access is open until')
})
