import {
  AttachRolePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt } from '../../src/core/receipt.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'
const RULES = '.github/daypass.yml'

let world: TestWorld
let repository: string
let rules: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
  rules = (await world.fileOnMain(repository, RULES)) ?? ''
})

afterAll(() => world.close())

const grant = (login: string, name: string, duration: string) =>
  world.grant({ login }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ requester: login, duration }))

const setRules = (branch: string, text: string) =>
  world.land(repository, { branch, files: { [RULES]: text } })

const reads = async (login: string, request: MergedRequest) => {
  const role = rolesOf.get(request.path) ?? ''
  const assumed = await world.assume(login, role)
  if (assumed.kind === 'denied') return 'denied'
  return (await world.read(assumed.value, 'customer-exports', NOVEMBER)).kind
}
/** By path: the comment names the role only while access stands. */
const rolesOf = new Map<string, string>()

async function remember(...requests: MergedRequest[]): Promise<void> {
  for (const request of requests) rolesOf.set(request.path, (await world.roleOf(request)) ?? '')
}

const endedBecause = async (request: MergedRequest) =>
  parseReceipt((await world.removals(repository, request.path))[0] ?? '')?.endedBecause

describe('a role that others changed', () => {
  let request: MergedRequest
  const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'

  beforeAll(async () => {
    request = await grant('alice', 'changed', '6h')
    await remember(request)
    const RoleName = rolesOf.get(request.path)?.split('/').at(-1)
    await world.iam('root').send(new AttachRolePolicyCommand({ RoleName, PolicyArn: administrator }))
    await world.advance('1h')
    await world.settled()
  })

  test('is itself again within the hour', async () => {
    const RoleName = rolesOf.get(request.path)?.split('/').at(-1)
    const { AttachedPolicies } = await world
      .iam('root')
      .send(new ListAttachedRolePoliciesCommand({ RoleName }))
    expect(AttachedPolicies).toEqual([])
    expect(await reads('alice', request)).toBe('allowed')
  })

  test('is told of in the check and in the log', async () => {
    const summary = (await world.grantCheck(request))?.output.summary
    expect(summary).toContain('Others changed this role')
    expect(summary).toContain('AdministratorAccess')
    expect(await world.appLog()).toContain('A role was not as the app wrote it')
  })

  test('is told of by a new process too, and on the record of its end', async () => {
    const before = (await world.grantCheck(request))?.output.summary
    await world.app('kill')
    await world.app('start')
    await world.settled()
    expect((await world.grantCheck(request))?.output.summary).toBe(before)

    await world.advance('5h')
    await world.settled()
    expect((await world.grantCheck(request))?.output.text).toContain(administrator)
  })
})

test('a role that an administrator deletes stays gone, and is told of, also by a new process', async () => {
  const request = await grant('alice', 'deleted', '6h')
  await remember(request)
  const RoleName = rolesOf.get(request.path)?.split('/').at(-1)
  const iam = world.iam('root')
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
  await iam.send(new DeleteRoleCommand({ RoleName }))
  await world.advance('10m')
  await world.settled()
  // IAM may only not list it for a while.
  expect(await world.comment(request)).toContain('**Access is open until')

  await world.app('kill')
  await world.app('start')
  await world.settled()
  await world.advance('6m')
  await world.settled()
  expect(await world.comment(request)).toContain('because its role was removed in AWS')
  expect(await endedBecause(request)).toBe('role-removed')
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  await expect(iam.send(new GetRoleCommand({ RoleName }))).rejects.toThrow(/NoSuchEntity|cannot be found/)
})

test('whom a role trusts is mended at the next sweep', async () => {
  const request = await grant('alice', 'trusts-mallory', '6h')
  await remember(request)
  const RoleName = rolesOf.get(request.path)?.split('/').at(-1)
  const iam = world.iam('root')
  const trust = async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
    return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')
  }
  // By then it is no more what the app wrote just now.
  await world.advance('6m')
  await world.settled()
  const before = await trust()
  const PolicyDocument = before.replaceAll('user/alice', 'user/mallory')
  expect(PolicyDocument).not.toBe(before)
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
  await world.advance('6m')
  await world.settled()

  expect(JSON.parse(await trust())).toEqual(JSON.parse(before))
  expect((await world.grantCheck(request))?.output.text).toContain('trust policy was not as it was written')
})

test('what somebody denied on a role is left, and told of once', async () => {
  const request = await grant('alice', 'denied-a-little', '6h')
  await remember(request)
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Deny', Action: 's3:GetObjectVersion', Resource: '*' },
  })
  const RoleName = rolesOf.get(request.path)?.split('/').at(-1)
  await world
    .iam('root')
    .send(new PutRolePolicyCommand({ RoleName, PolicyName: 'no-old-versions', PolicyDocument }))
  await world.advance('1h')
  await world.settled()
  const told = (await world.grantCheck(request))?.output.text
  expect(told).toContain('what it denies was left')

  await world.advance('90m')
  await world.settled()
  expect((await world.grantCheck(request))?.output.text).toBe(told)
})

describe('a role that whoever answers an incident closed', () => {
  let request: MergedRequest
  const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
  let keys: AwsKeys

  beforeAll(async () => {
    request = await grant('alice', 'closed', '6h')
    await remember(request)
    const role = rolesOf.get(request.path) ?? ''
    const session = await world.assume('alice', role, 6 * 3600)
    if (session.kind === 'denied') throw new Error('alice is not let in')
    keys = session.value
    const attachment = { RoleName: role.split('/').at(-1), PolicyArn: denyAll }
    await world.iam('root').send(new AttachRolePolicyCommand(attachment))
    await world.advance('1h')
    await world.settled()
    await world.iam('root').send(new DetachRolePolicyCommand(attachment))
  })

  test('is ended for good, sessions in use included', async () => {
    expect((await world.read(keys, 'customer-exports', NOVEMBER)).kind).toBe('denied')
    await world.advance('1h')
    await world.settled()
    expect((await world.read(keys, 'customer-exports', NOVEMBER)).kind).toBe('denied')
    expect(await reads('alice', request)).toBe('denied')
  })

  test('is told of with what closed it', async () => {
    expect(await world.comment(request)).toContain('because its role was altered in AWS')
    expect((await world.grantCheck(request))?.output.text).toContain(denyAll)
  })
})

describe('a file that was taken off the branch and put back while the app was down', () => {
  test('opens nothing any more: what was taken back does not come back', async () => {
    const request = await grant('alice', 'put-back', '2h')
    await remember(request)
    expect(await reads('alice', request)).toBe('allowed')
    const text = (await world.fileOnMain(repository, request.path)) ?? ''
    await world.app('kill')
    await world.commit('olivia', repository, 'main', { [request.path]: null })
    await world.commit('mallory', repository, 'main', { [request.path]: text })
    await world.app('start')
    await world.settled()

    expect(await reads('alice', request)).toBe('denied')
    expect(await world.comment(request)).toContain('because its file was taken off the branch')
  })
})

describe('rules that allow less', () => {
  let long: MergedRequest
  let short: MergedRequest

  beforeAll(async () => {
    ;[long, short] = [await grant('alice', 'long', '10h'), await grant('alice', 'short', '1h')]
    await remember(long, short)
    await setRules('shorten', rules.replace('max_duration: 12h', 'max_duration: 8h'))
  })

  test('end what they would not give any more, and nothing else', async () => {
    expect(await reads('alice', long)).toBe('denied')
    expect(await reads('alice', short)).toBe('allowed')
  })

  test('it is said why, and the file is taken out with a receipt', async () => {
    const comment = await world.comment(long)
    expect(comment).toContain('because the rules do not allow it any more')
    expect(comment).toContain('The window of 10h is longer than 8h')
    expect(await world.fileOnMain(repository, long.path)).toBeUndefined()
    expect(await endedBecause(long)).toBe('rules-changed')
  })

  test('and rules that allow more again give neither what was ended nor what was refused', async () => {
    const refused = await grant('alice', 'too-long', '10h')
    expect(await world.comment(refused)).toContain('**Not granted.**')
    await world.app('stop')
    await setRules('lengthen', rules)
    const files = {
      [refused.path]: requestYaml({ duration: '10h' }),
      [long.path]: requestYaml({ duration: '10h' }),
    }
    await world.commit('root', repository, 'main', files)
    await world.app('start')
    await world.settled()

    expect(await world.roleOf(refused)).toBeUndefined()
    expect(await world.comment(refused)).toContain('**Not granted.**')
    expect(await reads('alice', long)).toBe('denied')
    expect(await reads('alice', short)).toBe('allowed')
  })

  test('end the access of somebody who is another in AWS by now', async () => {
    await setRules('rename', rules.replace('iam_user: alice', 'iam_user: mallory'))

    expect(await reads('alice', short)).toBe('denied')
    expect(await reads('mallory', short)).toBe('denied')
    expect(await world.comment(short)).toContain('alice is somebody else in AWS')
  })
})

describe('somebody who loses access to the repository', () => {
  let request: MergedRequest

  beforeAll(async () => {
    request = await grant('mallory', 'leaving', '2h')
    await remember(request)
    expect(await reads('mallory', request)).toBe('allowed')
    await world.github('root').repos.removeCollaborator({ ...named(repository), username: 'mallory' })
    await world.advance('1h')
    await world.settled()
  })

  test('loses what was lent within the hour, though no event told of it', async () => {
    expect(await reads('mallory', request)).toBe('denied')
  })

  test('it is said why, and the file is taken out with a receipt', async () => {
    expect(await world.comment(request)).toContain('has no access to the repository any more')
    expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
    expect(await endedBecause(request)).toBe('requester-gone')
  })
})
