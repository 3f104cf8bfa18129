/** IAM's quotas, lengths and errors over the wire: what is one too many, and the name and status it is refused with. */
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  GetAccountSummaryCommand,
  GetPolicyCommand,
  type IAMClient,
  ListPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  TagPolicyCommand,
  TagRoleCommand,
  UntagPolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, assume, type Fixture, iamOf, keysOf, PROD, start, trust, userArn } from './fixture.ts'

let fixture: Fixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await start()
  iam = iamOf(fixture, keysOf('admin'))
  await create('full')
})
afterAll(() => fixture.close())

const AssumeRolePolicyDocument = JSON.stringify(trust({ AWS: userArn('alice') }))
const create = (RoleName: string, more: Partial<CreateRoleCommandInput> = {}) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, ...more }))

/** `ok`, or the name as the SDK has it with the status it came with. */
async function answer(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'ok'
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
    return `${$metadata?.httpStatusCode} ${name}`
  }
}

const LIMIT = '409 LimitExceededException'
const INVALID = '400 ValidationError'

/** A policy of so many characters, with as much white space again that does not count. */
function sized(characters: number): string {
  const bare = JSON.stringify(allow('s3:GetObject', 'arn:aws:s3:::')).length
  return JSON.stringify(
    allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(characters - bare)}`),
    null,
    '\t \n ',
  )
}

const tags = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => ({ Key: `key-${from + at}`, Value: '' }))

const managed = (name: string, PolicyDocument = JSON.stringify(allow('s3:GetObject'))) =>
  iam.send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument }))
const policyArn = (name: string) => `arn:aws:iam::${PROD}:policy/${name}`

describe('a quota', () => {
  it('of roles is told by GetAccountSummary, reached by CreateRole, and raised', async () => {
    const { SummaryMap: before } = await iam.send(new GetAccountSummaryCommand({}))
    expect(before).toMatchObject({ RolesQuota: 1000 })
    fixture.aws.iam.setRolesQuota((before?.Roles ?? 0) + 1)
    expect(await answer(create('last'))).toBe('ok')
    const tooMany = create('too-many')
    await expect(tooMany).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: expect.stringContaining('RolesPerAccount'),
    })
    const { SummaryMap: full } = await iam.send(new GetAccountSummaryCommand({}))
    expect(full?.Roles).toBe(full?.RolesQuota)
    await iam.send(new DeleteRoleCommand({ RoleName: 'last' }))
    expect(await answer(create('too-many'))).toBe('ok')
    fixture.aws.iam.setRolesQuota(1000)
  })

  it('of a role’s inline policies counts them together, white space left out', async () => {
    const put = (PolicyName: string, size: number) =>
      answer(
        iam.send(new PutRolePolicyCommand({ RoleName: 'full', PolicyName, PolicyDocument: sized(size) })),
      )
    expect([await put('a', 10_000), await put('b', 241), await put('b', 240)]).toEqual(['ok', LIMIT, 'ok'])
  })

  it('of a user’s inline policies is 2,048 characters', async () => {
    const put = (PolicyName: string, size: number) =>
      answer(
        iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName, PolicyDocument: sized(size) })),
      )
    expect([await put('a', 1848), await put('b', 201), await put('b', 200)]).toEqual(['ok', LIMIT, 'ok'])
  })

  it('of a managed policy is 6,144 characters and five versions', async () => {
    expect(await answer(managed('large', sized(6145)))).toBe(LIMIT)
    expect(await answer(managed('large', sized(6144)))).toBe('ok')
    const version = (size: number) =>
      answer(
        iam.send(
          new CreatePolicyVersionCommand({ PolicyArn: policyArn('large'), PolicyDocument: sized(size) }),
        ),
      )
    expect(await version(6145)).toBe(LIMIT)
    for (let at = 2; at <= 5; at += 1) expect(await version(6144)).toBe('ok')
    expect(await version(6144)).toBe(LIMIT)
  })

  it('of managed policies on a role is ten', async () => {
    const attach = (name: string) =>
      answer(iam.send(new AttachRolePolicyCommand({ RoleName: 'full', PolicyArn: policyArn(name) })))
    for (let at = 1; at <= 11; at += 1) await managed(`many-${at}`)
    for (let at = 1; at <= 10; at += 1) expect(await attach(`many-${at}`)).toBe('ok')
    expect([await attach('many-11'), await attach('many-1')]).toEqual([LIMIT, 'ok'])
  })

  it('of tags is fifty, those that are there already not counted again', async () => {
    const tag = (Tags: ReturnType<typeof tags>) =>
      answer(iam.send(new TagRoleCommand({ RoleName: 'full', Tags })))
    expect([await tag(tags(0, 50)), await tag(tags(0, 50))]).toEqual(['ok', 'ok'])
    expect([await tag(tags(50, 51)), await tag(tags(0, 51))]).toEqual([LIMIT, INVALID])
  })

  it('of a session policy is 2,048 characters', async () => {
    const { Role: role } = await create('narrowed')
    const enter = (characters: number) => {
      const Policy = JSON.stringify(JSON.parse(sized(characters)))
      return answer(assume(fixture, keysOf('alice'), { RoleArn: role?.Arn ?? '', Policy }))
    }
    expect([await enter(2048), await enter(2049)]).toEqual(['ok', '400 PackedPolicyTooLargeException'])
  })
})

describe('a length', () => {
  const put = (PolicyName: string) =>
    answer(
      iam.send(
        new PutRolePolicyCommand({
          RoleName: 'narrow',
          PolicyName,
          PolicyDocument: JSON.stringify(allow('s3:GetObject')),
        }),
      ),
    )
  beforeAll(() => create('narrow'))

  it.each<[string, () => Promise<string>, () => Promise<string>]>([
    ["a role's name", () => answer(create('n'.repeat(64))), () => answer(create('n'.repeat(65)))],
    ["an inline policy's name", () => put('p'.repeat(128)), () => put('p'.repeat(129))],
    [
      "a managed policy's name",
      () => answer(managed('m'.repeat(128))),
      () => answer(managed('m'.repeat(129))),
    ],
    [
      'a path',
      () => answer(create('deep', { Path: `/${'a'.repeat(510)}/` })),
      () => answer(create('deeper', { Path: `/${'a'.repeat(511)}/` })),
    ],
    [
      'a description',
      () => answer(create('told', { Description: 'ü'.repeat(1000) })),
      () => answer(create('told-more', { Description: 'ü'.repeat(1001) })),
    ],
    [
      "a tag's key",
      () => answer(create('key', { Tags: [{ Key: 'k'.repeat(128), Value: '' }] })),
      () => answer(create('keys', { Tags: [{ Key: 'k'.repeat(129), Value: '' }] })),
    ],
    [
      "a tag's value",
      () => answer(create('value', { Tags: [{ Key: 'k', Value: 'v'.repeat(256) }] })),
      () => answer(create('values', { Tags: [{ Key: 'k', Value: 'v'.repeat(257) }] })),
    ],
  ])('of %s is taken, and one more is not', async (_, longest, longer) => {
    expect([await longest(), await longer()]).toEqual(['ok', INVALID])
  })
})

describe('an error', () => {
  const SSO = 'AWSReservedSSO_Developers_0123456789abcdef'
  it.each<[string, () => Promise<unknown>]>([
    ['409 EntityAlreadyExistsException', () => create('FULL')],
    ['409 DeleteConflictException', () => iam.send(new DeleteRoleCommand({ RoleName: 'full' }))],
    ['404 NoSuchEntityException', () => iam.send(new DeleteRoleCommand({ RoleName: 'nobody' }))],
    ['400 MalformedPolicyDocumentException', () => create('x', { AssumeRolePolicyDocument: '{}' })],
    ['400 InvalidInputException', () => create('x', { Path: '/aws-service-role/x/' })],
    ['400 UnmodifiableEntityException', () => iam.send(new UpdateRoleCommand({ RoleName: SSO }))],
  ])('comes as %s', async (expected, call) => {
    expect(await answer(call())).toBe(expected)
  })

  it.each([
    [409, 'ConcurrentModification', '409 ConcurrentModificationException'],
    [409, 'EntityTemporarilyUnmodifiable', '409 EntityTemporarilyUnmodifiableException'],
    [500, 'ServiceFailure', '500 ServiceFailureException'],
    [400, 'Throttling', '400 Throttling'],
  ])('that only AWS itself can cause is had on order: %s %s', async (status, code, expected) => {
    const order = { service: 'aws', action: 'iam:CreateRole', caller: 'admin', times: 2 } as const
    fixture.faults.order({ ...order, fault: { kind: 'status', status, code } })
    expect(await answer(create('ordered'))).toBe(expected)
    fixture.faults.clear()
  })
})

describe('a managed policy', () => {
  it('is made, tagged, listed and deleted once nothing uses it', async () => {
    const PolicyArn = policyArn('shortlived')
    const remove = () => answer(iam.send(new DeletePolicyCommand({ PolicyArn })))
    await managed('shortlived')
    expect(await answer(managed('SHORTLIVED'))).toBe('409 EntityAlreadyExistsException')
    await iam.send(new TagPolicyCommand({ PolicyArn, Tags: tags(0, 2) }))
    await iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ['KEY-1'] }))
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn }))
    expect(policy).toMatchObject({ AttachmentCount: 0, Tags: [{ Key: 'key-0', Value: '' }] })
    const { Policies: own } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }))
    expect(own?.map(({ PolicyName }) => PolicyName)).toContain('shortlived')

    const { Role: role } = await create('bounded', { PermissionsBoundary: PolicyArn })
    expect(await remove()).toBe('409 DeleteConflictException')
    await iam.send(new DeleteRoleCommand({ RoleName: role?.RoleName }))
    const PolicyDocument = JSON.stringify(allow('s3:ListBucket'))
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }))
    expect(await remove()).toBe('409 DeleteConflictException')
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
    expect(await remove()).toBe('ok')
    expect(await answer(iam.send(new GetPolicyCommand({ PolicyArn })))).toBe('404 NoSuchEntityException')
  })
})
