/** What an operator installs, tried over the wire: all that the app needs, and nothing beyond. */
import { readFileSync } from 'node:fs'
import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetAccountSummaryCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  SetDefaultPolicyVersionCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployTemplate } from '../../../src/sandbox/aws/cloudformation.ts'
import { evaluate } from '../../../src/sandbox/aws/policy.ts'
import {
  ACCOUNT_ROLE,
  APP,
  allow,
  appIn,
  assume,
  BOUNDARY,
  EXTERNAL_ID,
  type Fixture,
  HUB_ROLE,
  iamOf,
  keysOf,
  outcome,
  PROD,
  s3Of,
  start,
  trust,
  userArn,
} from './fixture.ts'

let fixture: Fixture
let app: IAMClient
let admin: IAMClient

beforeAll(async () => {
  fixture = await start()
  app = iamOf(fixture, await appIn(fixture))
  admin = iamOf(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

const PolicyDocument = JSON.stringify(allow('*'))
const AssumeRolePolicyDocument = JSON.stringify(trust({ AWS: userArn('alice') }))
const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess'

let made = 0
/** A role of the app's, with whatever else somebody did to it. */
async function daypassRole({ stripped = false } = {}): Promise<string> {
  made += 1
  const RoleName = `grant-${made}`
  await app.send(
    new CreateRoleCommand({
      RoleName,
      Path: '/daypass/x/',
      AssumeRolePolicyDocument,
      PermissionsBoundary: BOUNDARY,
    }),
  )
  await app.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'read', PolicyDocument }))
  if (stripped) await admin.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
  return RoleName
}

describe('the hub', () => {
  it('may assume the account role with the external id of a repository, and do nothing else', async () => {
    expect(await outcome(appIn(fixture))).toBe('ok')
    expect(await outcome(iamOf(fixture, APP).send(new ListRolesCommand({})))).toBe('AccessDenied')
    const RoleArn = `arn:aws:iam::${PROD}:role/daypass/x/${await daypassRole()}`
    expect(await outcome(assume(fixture, APP, { RoleArn }))).toBe('AccessDenied')
  })

  it.each([undefined, 'daypass/1', `${EXTERNAL_ID}1`, EXTERNAL_ID.toUpperCase()])(
    'is refused with the external id %s',
    async (ExternalId) => {
      expect(await outcome(assume(fixture, APP, { RoleArn: ACCOUNT_ROLE, ExternalId }))).toBe('AccessDenied')
    },
  )

  it('is the only one let in', async () => {
    for (const name of ['admin', 'alice', 'ana']) {
      const attempt = assume(fixture, keysOf(name), { RoleArn: ACCOUNT_ROLE, ExternalId: EXTERNAL_ID })
      expect(await outcome(attempt)).toBe('AccessDenied')
    }
  })
})

describe('the account role may', () => {
  it('read everything of its own roles, list all and see the quotas', async () => {
    const RoleName = await daypassRole()
    for (const call of [
      app.send(new GetRoleCommand({ RoleName })),
      app.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'read' })),
      app.send(new ListRolePoliciesCommand({ RoleName })),
      app.send(new ListAttachedRolePoliciesCommand({ RoleName })),
      app.send(new ListRoleTagsCommand({ RoleName })),
      app.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'a', Value: 'b' }] })),
      app.send(new ListRolesCommand({ PathPrefix: '/daypass/' })),
      app.send(new GetAccountSummaryCommand({})),
    ])
      expect(await outcome(call)).toBe('ok')
  })

  it('change and delete its own roles', async () => {
    const RoleName = await daypassRole()
    await app.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: AssumeRolePolicyDocument }))
    await app.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'read' }))
    await app.send(new DeleteRoleCommand({ RoleName }))
    const { Roles: left } = await admin.send(new ListRolesCommand({ PathPrefix: '/daypass/' }))
    expect(left?.map((role) => role.RoleName)).not.toContain(RoleName)
  })

  it('end access where somebody stripped the boundary and attached a policy', async () => {
    const RoleName = await daypassRole({ stripped: true })
    await admin.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: ADMINISTRATOR }))
    await app.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ADMINISTRATOR }))
    await app.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'read' }))
    expect(await outcome(app.send(new DeleteRoleCommand({ RoleName })))).toBe('ok')
  })

  it('deny on a stripped role after putting the boundary back', async () => {
    const RoleName = await daypassRole({ stripped: true })
    const deny = () =>
      outcome(app.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'deny', PolicyDocument })))
    expect(await deny()).toBe('AccessDenied')
    await app.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: BOUNDARY }))
    expect(await deny()).toBe('ok')
  })
})

describe('the account role may not', () => {
  const create = (more: object) =>
    outcome(app.send(new CreateRoleCommand({ RoleName: 'evil', AssumeRolePolicyDocument, ...more })))

  it.each([
    ['outside /daypass/', { PermissionsBoundary: BOUNDARY }],
    ['in a path that only begins like it', { Path: '/daypassed/', PermissionsBoundary: BOUNDARY }],
    ['without a boundary', { Path: '/daypass/' }],
    ['with another boundary', { Path: '/daypass/', PermissionsBoundary: ADMINISTRATOR }],
  ])('create a role %s', async (_, more) => {
    expect(await create(more)).toBe('AccessDenied')
  })

  it('assume the roles it makes, even where their trust names it', async () => {
    const RoleName = await daypassRole()
    const own = JSON.stringify(trust({ AWS: ACCOUNT_ROLE }))
    await app.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: own }))
    const attempt = assume(fixture, await appIn(fixture), {
      RoleArn: `arn:aws:iam::${PROD}:role/daypass/x/${RoleName}`,
    })
    expect(await outcome(attempt)).toBe('AccessDenied')
  })

  it('take a boundary off, put another on, or attach a policy', async () => {
    const RoleName = await daypassRole()
    const swap = new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: ADMINISTRATOR })
    const attach = new AttachRolePolicyCommand({ RoleName, PolicyArn: ADMINISTRATOR })
    expect(await outcome(app.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })))).toBe(
      'AccessDenied',
    )
    expect(await outcome(app.send(swap))).toBe('AccessDenied')
    expect(await outcome(app.send(attach))).toBe('AccessDenied')
  })

  it('write a policy or a trust on a role without the boundary', async () => {
    const RoleName = await daypassRole({ stripped: true })
    const put = new PutRolePolicyCommand({ RoleName, PolicyName: 'x', PolicyDocument })
    const update = new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: AssumeRolePolicyDocument })
    expect(await outcome(app.send(put))).toBe('AccessDenied')
    expect(await outcome(app.send(update))).toBe('AccessDenied')
  })

  it('change the boundary policy', async () => {
    const version = new CreatePolicyVersionCommand({
      PolicyArn: BOUNDARY,
      PolicyDocument,
      SetAsDefault: true,
    })
    const setDefault = new SetDefaultPolicyVersionCommand({ PolicyArn: BOUNDARY, VersionId: 'v1' })
    expect(await outcome(app.send(version))).toBe('AccessDenied')
    expect(await outcome(app.send(setDefault))).toBe('AccessDenied')
  })

  it('touch its own role, nor learn whether a role of another path exists', async () => {
    const RoleName = 'DaypassAccountRole'
    const put = new PutRolePolicyCommand({ RoleName, PolicyName: 'x', PolicyDocument })
    expect(await outcome(app.send(put))).toBe('AccessDenied')
    expect(await outcome(app.send(new GetRoleCommand({ RoleName })))).toBe('AccessDenied')
    expect(await outcome(app.send(new GetRoleCommand({ RoleName: 'no-such-role' })))).toBe('AccessDenied')
  })

  it('read an object', async () => {
    const s3 = s3Of(fixture, await appIn(fixture))
    const get = new GetObjectCommand({ Bucket: 'customer-exports', Key: 'internal/salaries.csv' })
    expect(await outcome(s3.send(get))).toBe('AccessDenied')
  })
})

describe('the boundary', () => {
  it('lets a role that allows everything only read the lendable buckets', async () => {
    const RoleArn = `arn:aws:iam::${PROD}:role/daypass/x/${await daypassRole()}`
    const keys = await assume(fixture, keysOf('alice'), { RoleArn })
    const s3 = s3Of(fixture, keys)
    const salaries = { Bucket: 'customer-exports', Key: 'internal/salaries.csv' }
    expect(await outcome(s3.send(new GetObjectCommand(salaries)))).toBe('ok')
    expect(await outcome(s3.send(new ListObjectsV2Command({ Bucket: 'customer-exports' })))).toBe('ok')
    expect(
      await outcome(s3.send(new GetObjectCommand({ Bucket: 'billing-archive', Key: 'invoices/1.pdf' }))),
    ).toBe('ok')
    expect(await outcome(s3.send(new PutObjectCommand({ ...salaries, Body: 'x' })))).toBe('AccessDenied')
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: 'clickstream', Key: 'clicks.csv' })))).toBe(
      'AccessDenied',
    )
    expect(await outcome(iamOf(fixture, keys).send(new ListRolesCommand({})))).toBe('AccessDenied')
  })

  it('holds against a bucket policy that names the session', async () => {
    const RoleName = await daypassRole()
    const keys = await assume(fixture, keysOf('alice'), {
      RoleArn: `arn:aws:iam::${PROD}:role/daypass/x/${RoleName}`,
    })
    const Statement = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:sts::${PROD}:assumed-role/${RoleName}/session` },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::customer-exports/*',
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await s3Of(fixture, keysOf('admin')).send(
      new PutBucketPolicyCommand({ Bucket: 'customer-exports', Policy }),
    )
    const put = new PutObjectCommand({ Bucket: 'customer-exports', Key: 'x', Body: 'x' })
    expect(await outcome(s3Of(fixture, keys).send(put))).toBe('AccessDenied')
  })
})

describe('a template', () => {
  const account = { id: PROD, partition: 'aws', region: 'eu-central-1' }
  const source = readFileSync(new URL('../../../deploy/account.yaml', import.meta.url), 'utf8')
  const parameters = {
    HubRoleArn: HUB_ROLE,
    ExternalIds: 'daypass/1',
    LendableBucketArns: 'arn:aws:s3:::a,arn:aws:s3:::b',
  }

  it('gives the ARNs that the operator needs next', () => {
    expect(deployTemplate(source, parameters, account).outputs).toEqual({
      AccountRoleArn: ACCOUNT_ROLE,
      BoundaryArn: BOUNDARY,
    })
  })

  it('names each bucket and its objects, and no key where there is none', () => {
    const [boundary] = deployTemplate(source, parameters, account).managedPolicies
    expect(boundary?.document).toMatchObject({
      Statement: [
        { Sid: 'ListLendableBuckets', Resource: ['arn:aws:s3:::a', 'arn:aws:s3:::b'] },
        { Sid: 'ReadLendableObjects', Resource: ['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'] },
        {
          Sid: 'NothingButReading',
          NotAction: ['s3:ListBucket', 's3:GetBucketLocation', 's3:GetObject'],
        },
        { NotResource: ['arn:aws:s3:::a', 'arn:aws:s3:::b', 'arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'] },
      ],
    })
  })

  const KEY = `arn:aws:kms:eu-central-1:${PROD}:key/given`
  const s3 = 's3.eu-central-1.amazonaws.com'
  it.each([
    ['a key that was given, through S3', KEY, KEY, s3, 'allowed'],
    ['a key that was given, by itself', KEY, KEY, undefined, 'denied'],
    ['a key that was given, through another service', KEY, KEY, 'ebs.eu-central-1.amazonaws.com', 'denied'],
    ['another key, through S3', KEY, `${KEY}-not`, s3, 'denied'],
    ['a key where none was given', '', KEY, s3, 'denied'],
  ])('bounds %s, whatever the policy of the key says', (_, KmsKeyArns, resource, service, outcome) => {
    const [boundary] = deployTemplate(source, { ...parameters, KmsKeyArns }, account).managedPolicies
    const text = JSON.stringify(boundary?.document)
    const context = new Map(service === undefined ? [] : [['kms:viaservice', [service]]])
    expect(evaluate([{ kind: 'identity', text }], { action: 'kms:Decrypt', resource, context })).toBe(outcome)
  })

  it.each([
    ['s3.cn-north-1.amazonaws.com.cn', 'allowed'],
    ['s3.cn-north-1.amazonaws.com', 'allowed'],
    ['ebs.cn-north-1.amazonaws.com.cn', 'denied'],
  ])('bounds a key in China to S3 under either of its names there: %s', (service, outcome) => {
    const KmsKeyArns = KEY.replace('arn:aws:', 'arn:aws-cn:')
    const inChina = { ...account, partition: 'aws-cn', region: 'cn-north-1' }
    const [boundary] = deployTemplate(source, { ...parameters, KmsKeyArns }, inChina).managedPolicies
    const text = JSON.stringify(boundary?.document)
    const context = new Map([['kms:viaservice', [service]]])
    expect(
      evaluate([{ kind: 'identity', text }], { action: 'kms:Decrypt', resource: KmsKeyArns, context }),
    ).toBe(outcome)
  })

  it.each([
    ['a missing parameter', source, { HubRoleArn: HUB_ROLE }, 'is missing'],
    ['a parameter it does not declare', source, { ...parameters, Extra: 'x' }, 'Extra'],
    ['anybody as the hub', source, { ...parameters, HubRoleArn: '*' }, 'HubRoleArn'],
    [
      'a whole account as the hub',
      source,
      { ...parameters, HubRoleArn: 'arn:aws:iam::111122223333:root' },
      'HubRoleArn',
    ],
    ['any external id', source, { ...parameters, ExternalIds: 'daypass/1001,daypass/*' }, 'ExternalIds'],
    ['every bucket', source, { ...parameters, LendableBucketArns: ['arn:aws:s3:::*'] }, 'LendableBucketArns'],
    ['any key', source, { ...parameters, KmsKeyArns: '*' }, 'KmsKeyArns'],
    [
      'a function that is not known',
      'Resources: {A: {Type: "AWS::IAM::Role", Properties: {RoleName: {"Fn::Cidr": []}}}}',
      {},
      'Fn::Cidr',
    ],
    ['a type that is not known', 'Resources: {A: {Type: "AWS::S3::Bucket"}}', {}, 'AWS::S3::Bucket'],
    [
      'a property that is not known',
      'Resources: {A: {Type: "AWS::IAM::Role", Properties: {Tags: []}}}',
      {},
      'Tags',
    ],
    [
      'a reference to nothing',
      'Resources: {A: {Type: "AWS::IAM::Role", Properties: {RoleName: {Ref: B}}}}',
      {},
      'B is not known',
    ],
  ])('is refused with %s', (_, text, given, problem) => {
    expect(() => deployTemplate(text, given, account)).toThrow(problem)
  })
})
