/** Users over the wire: their keys, and what is left of a trust in one who was deleted and made anew. */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetRoleCommand,
  GetUserPolicyCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allow,
  assume,
  type Fixture,
  iamOf,
  type Keys,
  keysOf,
  outcome,
  PROD,
  start,
  stsOf,
  trust,
  userArn,
} from './fixture.ts'

let fixture: Fixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await start()
  iam = iamOf(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

async function newUser(UserName: string): Promise<Keys> {
  await iam.send(new CreateUserCommand({ UserName }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }
}

async function deleteUser(UserName: string, { accessKeyId }: Keys): Promise<void> {
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: accessKeyId }))
  await iam.send(new DeleteUserCommand({ UserName }))
}

const identity = (keys: Keys) => stsOf(fixture, keys).send(new GetCallerIdentityCommand({}))

async function role(RoleName: string, trustPolicy: object): Promise<string> {
  const AssumeRolePolicyDocument = JSON.stringify(trustPolicy)
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  return `arn:aws:iam::${PROD}:role/${RoleName}`
}

async function principalOf(RoleName: string): Promise<unknown> {
  const { Role: found } = await iam.send(new GetRoleCommand({ RoleName }))
  return JSON.parse(decodeURIComponent(found?.AssumeRolePolicyDocument ?? '')).Statement[0].Principal.AWS
}

describe('a user who was deleted and made anew by the same name', () => {
  it('is not let in by a trust that named the first, which then shows the unique id', async () => {
    const first = await newUser('carla')
    const { UserId } = await identity(first)
    const RoleArn = await role('for-carla', trust({ AWS: userArn('carla') }))
    expect(await outcome(assume(fixture, first, { RoleArn }))).toBe('ok')
    expect(await principalOf('for-carla')).toBe(userArn('carla'))
    await deleteUser('carla', first)
    const second = await newUser('carla')
    expect((await identity(second)).Arn).toBe(userArn('carla'))
    expect(await outcome(assume(fixture, second, { RoleArn }))).toBe('AccessDenied')
    expect(await principalOf('for-carla')).toBe(UserId)
    const PolicyDocument = JSON.stringify(trust({ AWS: UserId }))
    const update = new UpdateAssumeRolePolicyCommand({ RoleName: 'for-carla', PolicyDocument })
    await expect(iam.send(update)).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringContaining('Invalid principal in policy'),
    })
  })

  it('is let in by a condition on aws:PrincipalArn, which is only text', async () => {
    const condition = { ArnEquals: { 'aws:PrincipalArn': userArn('dora') } }
    const RoleArn = await role('for-dora', trust({ AWS: PROD }, condition))
    const grant = async () => {
      const keys = await newUser('dora')
      const PolicyDocument = JSON.stringify(allow('sts:AssumeRole'))
      await iam.send(new PutUserPolicyCommand({ UserName: 'dora', PolicyName: 'own', PolicyDocument }))
      return keys
    }
    const first = await grant()
    expect(await outcome(assume(fixture, first, { RoleArn }))).toBe('ok')
    await iam.send(new DeleteUserPolicyCommand({ UserName: 'dora', PolicyName: 'own' }))
    await deleteUser('dora', first)
    expect(await outcome(assume(fixture, await grant(), { RoleArn }))).toBe('ok')
    expect(await outcome(assume(fixture, keysOf('mallory'), { RoleArn }))).toBe('AccessDenied')
  })
})

describe('the keys of a user', () => {
  it('are two at most, and die with their deletion', async () => {
    const keys = await newUser('emil')
    const UserName = 'emil'
    expect(await outcome(identity(keys))).toBe('ok')
    const { AccessKey: second } = await iam.send(new CreateAccessKeyCommand({ UserName }))
    await expect(iam.send(new CreateAccessKeyCommand({ UserName }))).rejects.toMatchObject({
      name: 'LimitExceededException',
      $metadata: { httpStatusCode: 409 },
    })
    const { AccessKeyMetadata: listed } = await iam.send(new ListAccessKeysCommand({ UserName }))
    expect(new Set(listed?.map(({ AccessKeyId }) => AccessKeyId))).toEqual(
      new Set([keys.accessKeyId, second?.AccessKeyId]),
    )
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: keys.accessKeyId }))
    expect(await outcome(identity(keys))).toBe('InvalidClientTokenId')
  })

  it('and policies keep the user from being deleted', async () => {
    const UserName = 'fritz'
    const keys = await newUser(UserName)
    const remove = () => outcome(iam.send(new DeleteUserCommand({ UserName })))
    expect(await remove()).toBe('DeleteConflictException')
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: keys.accessKeyId }))
    const own = { UserName, PolicyName: 'own' }
    await iam.send(new PutUserPolicyCommand({ ...own, PolicyDocument: JSON.stringify(allow('s3:*')) }))
    expect((await iam.send(new ListUserPoliciesCommand({ UserName }))).PolicyNames).toEqual(['own'])
    const { PolicyDocument = '' } = await iam.send(new GetUserPolicyCommand(own))
    expect(JSON.parse(decodeURIComponent(PolicyDocument))).toEqual(allow('s3:*'))
    expect(await remove()).toBe('DeleteConflictException')
    await iam.send(new DeleteUserPolicyCommand(own))
    expect(await remove()).toBe('ok')
    const { Users: left } = await iam.send(new ListUsersCommand({}))
    expect(left?.map((user) => user.UserName)).not.toContain(UserName)
  })

  it('are given to nobody by somebody who may not', async () => {
    const attempt = iamOf(fixture, keysOf('mallory')).send(new CreateAccessKeyCommand({ UserName: 'admin' }))
    expect(await outcome(attempt)).toBe('AccessDenied')
    expect(await outcome(iam.send(new CreateUserCommand({ UserName: 'ALICE' })))).toBe(
      'EntityAlreadyExistsException',
    )
  })
})
