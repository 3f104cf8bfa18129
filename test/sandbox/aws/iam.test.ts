/** IAM over the wire: roles and their policies, names, quotas, pages, and principals kept by unique id. */
import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  GetAccountSummaryCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListGroupsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ACCOUNT_ROLE,
  allow,
  assume,
  BOB,
  BOUNDARY,
  type Fixture,
  iamOf,
  keysOf,
  outcome,
  PROD,
  start,
  trust,
  userArn,
} from './fixture.ts'

let fixture: Fixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await start({ longestPage: 3 })
  iam = iamOf(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

const TRUST_ALICE = JSON.stringify(trust({ AWS: userArn('alice') }))

const create = (RoleName: string, more: Partial<CreateRoleCommandInput> = {}) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST_ALICE, ...more }))

const decoded = (text = '') => JSON.parse(decodeURIComponent(text))

describe('a role', () => {
  it('is read back with all that was written, its trust URL-encoded', async () => {
    await create('whole', {
      Path: '/team/',
      Description: 'One & <all>',
      MaxSessionDuration: 7200,
      PermissionsBoundary: BOUNDARY,
      Tags: [{ Key: 'ticket', Value: 'INC 1' }],
    })
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: 'whole' }))
    expect(role).toMatchObject({
      Arn: `arn:aws:iam::${PROD}:role/team/whole`,
      Path: '/team/',
      Description: 'One & <all>',
      MaxSessionDuration: 7200,
      PermissionsBoundary: { PermissionsBoundaryArn: BOUNDARY },
      Tags: [{ Key: 'ticket', Value: 'INC 1' }],
    })
    expect(role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/)
    expect(decoded(role?.AssumeRolePolicyDocument)).toEqual(JSON.parse(TRUST_ALICE))
  })

  it('has a name that is unique without regard to case', async () => {
    await create('Twice')
    expect(await outcome(create('tWICE'))).toBe('EntityAlreadyExistsException')
  })

  it.each<[string, Partial<CreateRoleCommandInput> & { RoleName?: string }]>([
    ['a name with a slash', { RoleName: 'a/b' }],
    ['a name of 65 characters', { RoleName: 'a'.repeat(65) }],
    ['a path that does not end in a slash', { Path: '/a' }],
    ['a description of 1,001 characters', { Description: 'a'.repeat(1001) }],
    ['a description beyond Latin-1', { Description: '報告' }],
    ['a session of less than an hour', { MaxSessionDuration: 3599 }],
    ['a session of more than twelve hours', { MaxSessionDuration: 43_201 }],
    ['51 tags', { Tags: Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: '' })) }],
    ['a tag with a character that tags may not have', { Tags: [{ Key: 'a', Value: 'a;b' }] }],
  ])('is refused with %s', async (_, change) => {
    expect(await outcome(create('refused', change))).toBe('ValidationError')
  })

  it('is refused with two tags that differ in case only, and below a path of AWS', async () => {
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'A', Value: '2' },
    ]
    expect(await outcome(create('refused', { Tags: tags }))).toBe('InvalidInputException')
    expect(await outcome(create('refused', { Path: '/aws-reserved/x/' }))).toBe('InvalidInputException')
  })

  it('takes a trust policy of 2,048 characters without its white space, and no more', async () => {
    const sized = (characters: number) => {
      const policy = trust({ AWS: userArn('alice') }, { StringEquals: { 'sts:ExternalId': '' } })
      const rest = characters - JSON.stringify(policy).length
      return JSON.stringify(
        trust({ AWS: userArn('alice') }, { StringEquals: { 'sts:ExternalId': 'x'.repeat(rest) } }),
        null,
        2,
      )
    }
    expect(await outcome(create('long', { AssumeRolePolicyDocument: sized(2048) }))).toBe('ok')
    expect(await outcome(create('longer', { AssumeRolePolicyDocument: sized(2049) }))).toBe(
      'LimitExceededException',
    )
  })

  it('is deleted only when nothing is on it any more', async () => {
    await create('busy')
    const arn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'busy', PolicyArn: arn }))
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'busy' }))
    expect(attached.AttachedPolicies).toEqual([{ PolicyArn: arn, PolicyName: 'AmazonS3ReadOnlyAccess' }])
    expect(await outcome(iam.send(new DeleteRoleCommand({ RoleName: 'busy' })))).toBe(
      'DeleteConflictException',
    )
    await iam.send(new DetachRolePolicyCommand({ RoleName: 'busy', PolicyArn: arn }))
    await iam.send(new DeleteRoleCommand({ RoleName: 'busy' }))
    expect(await outcome(iam.send(new GetRoleCommand({ RoleName: 'busy' })))).toBe('NoSuchEntityException')
  })

  it('is changed by UpdateRole in what was named only', async () => {
    await create('changed', { Description: 'before' })
    await iam.send(new UpdateRoleCommand({ RoleName: 'changed', MaxSessionDuration: 4000 }))
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: 'changed' }))
    expect(role).toMatchObject({ Description: 'before', MaxSessionDuration: 4000 })
  })

  it('keeps tags by key without regard to case', async () => {
    await create('tagged', { Tags: [{ Key: 'Team', Value: 'a' }] })
    await iam.send(
      new TagRoleCommand({
        RoleName: 'tagged',
        Tags: [
          { Key: 'team', Value: 'b' },
          { Key: 'x', Value: '' },
        ],
      }),
    )
    const tags = async () => (await iam.send(new ListRoleTagsCommand({ RoleName: 'tagged' }))).Tags
    expect(await tags()).toEqual([
      { Key: 'Team', Value: 'b' },
      { Key: 'x', Value: '' },
    ])
    await iam.send(new UntagRoleCommand({ RoleName: 'tagged', TagKeys: ['TEAM'] }))
    expect(await tags()).toEqual([{ Key: 'x', Value: '' }])
  })

  it('of Identity Center can be read but not changed', async () => {
    const RoleName = 'AWSReservedSSO_Developers_0123456789abcdef'
    expect(await outcome(iam.send(new GetRoleCommand({ RoleName })))).toBe('ok')
    const put = new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'x',
      PolicyDocument: JSON.stringify(allow('*')),
    })
    expect(await outcome(iam.send(put))).toBe('UnmodifiableEntityException')
  })
})

describe('the policies of a role', () => {
  it('are read back as they were written', async () => {
    await create('reader')
    const text = JSON.stringify(allow('s3:GetObject', 'arn:aws:s3:::b/ä €'.replace('€', 'ÿ')), null, 2)
    const policy = { RoleName: 'reader', PolicyName: 'read' }
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: text }))
    expect(decodeURIComponent((await iam.send(new GetRolePolicyCommand(policy))).PolicyDocument ?? '')).toBe(
      text,
    )
    const names = await iam.send(new ListRolePoliciesCommand({ RoleName: 'reader' }))
    expect(names.PolicyNames).toEqual(['read'])
  })

  it('may have 10,240 characters together, a replaced one not counted', async () => {
    await create('large')
    const document = (size: number) => {
      const bare = JSON.stringify(allow('s3:GetObject', 'arn:aws:s3:::')).length
      return JSON.stringify(allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(size - bare)}`))
    }
    const put = (PolicyName: string, size: number) =>
      outcome(
        iam.send(new PutRolePolicyCommand({ RoleName: 'large', PolicyName, PolicyDocument: document(size) })),
      )
    expect(await put('a', 6000)).toBe('ok')
    expect(await put('b', 4241)).toBe('LimitExceededException')
    expect(await put('b', 4240)).toBe('ok')
    expect(await put('a', 5999)).toBe('ok')
  })

  it('are refused where they are malformed', async () => {
    await create('malformed')
    const put = new PutRolePolicyCommand({
      RoleName: 'malformed',
      PolicyName: 'x',
      PolicyDocument: '{"Statement":[{}]}',
    })
    expect(await outcome(iam.send(put))).toBe('MalformedPolicyDocumentException')
  })
})

describe('the list of roles', () => {
  it('comes in short pages by path, without tags and boundary', async () => {
    for (const at of [1, 2, 3, 4, 5, 6, 7])
      await create(`listed-${at}`, {
        Path: '/listed/',
        PermissionsBoundary: BOUNDARY,
        Tags: [{ Key: 'a', Value: 'b' }],
      })
    const names: (string | undefined)[] = []
    let Marker: string | undefined
    let pages = 0
    do {
      const page = await iam.send(new ListRolesCommand({ PathPrefix: '/listed/', Marker, MaxItems: 1000 }))
      for (const role of page.Roles ?? []) {
        expect(role.Tags).toBeUndefined()
        expect(role.PermissionsBoundary).toBeUndefined()
        expect(decoded(role.AssumeRolePolicyDocument)).toEqual(JSON.parse(TRUST_ALICE))
        names.push(role.RoleName)
      }
      Marker = page.Marker
      expect(page.IsTruncated).toBe(Marker !== undefined)
      pages += 1
    } while (Marker !== undefined)
    expect(names).toEqual([1, 2, 3, 4, 5, 6, 7].map((at) => `listed-${at}`))
    expect(pages).toBe(3)
  })

  it('refuses a marker it did not give', async () => {
    expect(await outcome(iam.send(new ListRolesCommand({ Marker: '!!' })))).toBe('ValidationError')
  })
})

describe('a principal', () => {
  const remake = async (RoleName: string) => {
    await iam.send(new DeleteRoleCommand({ RoleName }))
    await create(RoleName)
  }
  const principalOf = async (RoleName: string) => {
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName }))
    return decoded(role?.AssumeRolePolicyDocument).Statement[0].Principal.AWS
  }

  it('is kept by unique id, so that one made anew by the same name is not let in', async () => {
    const source = `arn:aws:iam::${PROD}:role/source`
    const target = { RoleArn: `arn:aws:iam::${PROD}:role/target` }
    await create('source')
    await create('target', { AssumeRolePolicyDocument: JSON.stringify(trust({ AWS: source })) })
    const before = await assume(fixture, keysOf('alice'), { RoleArn: source })
    expect(await outcome(assume(fixture, before, target))).toBe('ok')
    expect(await principalOf('target')).toBe(source)
    await remake('source')
    const after = await assume(fixture, keysOf('alice'), { RoleArn: source })
    expect(await outcome(assume(fixture, after, target))).toBe('AccessDenied')
    expect(await principalOf('target')).toMatch(/^AROA/)
  })

  it('that does not exist is refused', async () => {
    const PolicyDocument = JSON.stringify(trust({ AWS: userArn('nobody') }))
    await create('picky')
    const update = iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'picky', PolicyDocument }))
    await expect(update).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringContaining('Invalid principal in policy'),
    })
  })
})

describe('the account', () => {
  it('tells its quotas', async () => {
    const { SummaryMap: summary } = await iam.send(new GetAccountSummaryCommand({}))
    expect(summary).toMatchObject({
      RolesQuota: 1000,
      AssumeRolePolicySizeQuota: 2048,
      RolePolicySizeQuota: 10_240,
    })
  })

  it('tells who a user is', async () => {
    const { User: user } = await iam.send(new GetUserCommand({ UserName: 'alice' }))
    expect(user).toMatchObject({ Arn: userArn('alice'), UserId: expect.stringMatching(/^AIDA/) })
    const own = await iam.send(new GetUserCommand({}))
    expect(own.User?.UserName).toBe('admin')
    expect(await outcome(iam.send(new GetUserCommand({ UserName: 'nobody' })))).toBe('NoSuchEntityException')
  })

  it('keeps at most five versions of a managed policy, of which one is in force', async () => {
    const version = () =>
      iam.send(
        new CreatePolicyVersionCommand({
          PolicyArn: BOUNDARY,
          PolicyDocument: JSON.stringify(allow('s3:*')),
        }),
      )
    for (let at = 2; at <= 5; at += 1) expect((await version()).PolicyVersion?.VersionId).toBe(`v${at}`)
    expect(await outcome(version())).toBe('LimitExceededException')
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn: BOUNDARY }))
    expect(policy?.DefaultVersionId).toBe('v1')
    const first = await iam.send(new GetPolicyVersionCommand({ PolicyArn: BOUNDARY, VersionId: 'v1' }))
    expect(decoded(first.PolicyVersion?.Document).Statement[0].Sid).toBe('ListLendableBuckets')
  })

  it('answers an action it does not have with an error, never with success', async () => {
    expect(await outcome(iam.send(new ListGroupsCommand({})))).toBe('InvalidAction')
  })

  it('lets nobody act without a policy', async () => {
    for (const keys of [keysOf('alice'), BOB])
      expect(await outcome(iamOf(fixture, keys).send(new ListRolesCommand({})))).toBe('AccessDenied')
    expect(await outcome(assume(fixture, keysOf('admin'), { RoleArn: ACCOUNT_ROLE }))).toBe('AccessDenied')
  })
})
