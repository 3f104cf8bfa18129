import { CreateRoleCommand, GetRoleCommand, UpdateRoleCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roleOf } from '../../src/core/grant.ts'
import { parseReceipt, verifyReceipt } from '../../src/core/receipt.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { proposeRemoval } from '../support/branches.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'
const HALF_AN_HOUR = 30 * 60

let world: TestWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(() => world.close())

const grant = (name: string, repository = world.repositories.protected, duration = '30m') =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration }))

async function sessionOf(request: MergedRequest): Promise<AwsKeys> {
  const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
  if (session.kind === 'denied') throw new Error('alice is not let in')
  return session.value
}

/** Whether a session still reads; the keys of a role that is gone are not known any more. */
const reads = (keys: AwsKeys) =>
  world.read(keys, 'customer-exports', NOVEMBER).then(
    ({ kind }) => kind === 'allowed',
    (error: Error) => {
      if (error.name === 'InvalidAccessKeyId') return false
      throw error
    },
  )

async function passTo(seconds: number): Promise<void> {
  await world.setClock(new Date(seconds * 1000).toISOString())
  await world.settled()
}

const endOf = ({ mergedAt }: MergedRequest) => mergedAt / 1000 + HALF_AN_HOUR

describe.each(['protected', 'unprotected'] as const)(
  'at the end of its window, in the %s repository',
  (kind) => {
    let request: MergedRequest
    let role: string
    let keys: AwsKeys

    beforeAll(async () => {
      request = await grant(`alice-${kind}`, world.repositories[kind])
      role = (await world.roleOf(request)) ?? ''
      keys = await sessionOf(request)
      await passTo(endOf(request) - 5)
      expect(await reads(keys)).toBe(true)
      await passTo(endOf(request))
    })

    test('a session in use reads nothing any more, and the role is gone', async () => {
      expect(await reads(keys)).toBe(false)
      expect(await world.role(role)).toBeUndefined()
    })

    test('the app merges the revert pull request, and the file is off the branch', async () => {
      expect(await world.revertOf(request)).toMatchObject({
        state: 'closed',
        merged_at: expect.any(String),
        title: `End access of alice to customer-exports (#${request.pull})`,
      })
      expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
      const { data } = await world.github('root').git.listMatchingRefs({
        ...named(request.repository),
        ref: 'heads/daypass-',
      })
      expect(data).toEqual([])
    })

    test('the receipt is in the history, signed, and says everything', async () => {
      const [receipt = ''] = await world.removals(request.repository, request.path)

      expect(verifyReceipt(receipt, [world.receiptKey])).toBe('signed')
      expect(parseReceipt(receipt)).toMatchObject({
        repositoryId: kind === 'protected' ? 1001 : 1002,
        path: request.path,
        pull: request.pull,
        requester: { login: 'alice', id: 101 },
        reason: 'Find the corrupt rows behind INC-4211',
        account: 'prod',
        accountId: '111122223333',
        bucket: 'customer-exports',
        prefixes: ['exports/2026/11/'],
        approvals: [{ login: 'olivia', id: 103, commit: request.head }],
        mergedBy: { login: 'olivia', id: 103 },
        from: endOf(request) - HALF_AN_HOUR,
        until: endOf(request),
        endedAt: endOf(request),
        endedBecause: 'expired',
        roleArn: role,
      })
    })

    test('comment and record say that it is over', async () => {
      const comment = await world.comment(request)

      expect(comment).toContain('because its window is over')
      expect(comment).toContain('Its commit message is the receipt.')
      expect(comment).toContain('open a new request')
      expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'neutral' })
    })
  },
)

describe('given back by a merged removal', () => {
  let request: MergedRequest
  let role: string
  let keys: AwsKeys

  beforeAll(async () => {
    request = await grant('given-back')
    role = (await world.roleOf(request)) ?? ''
    keys = await sessionOf(request)
    expect(await reads(keys)).toBe(true)
    const removal = await proposeRemoval(world.github('alice'), request.repository, 'give-back', [
      request.path,
    ])
    await world.settled()
    await world.approve('olivia', removal)
    await world.merge('olivia', removal)
    await world.settled()
  })

  test('a session in use dies at once, and nobody gets a new one', async () => {
    expect(await reads(keys)).toBe(false)
    expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
  })

  test('comment and record say why it ended', async () => {
    expect(await world.comment(request)).toContain('because its file was taken off the branch')
    expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'neutral' })
  })

  test('a tombstone stands in IAM until the end of its window', async () => {
    expect(await world.role(role)).toBeDefined()
    await passTo(endOf(request))

    expect(await world.role(role)).toBeUndefined()
    expect(await world.comment(request)).toContain('because its file was taken off the branch')
  })
})

describe('ended early, and put back on the branch', () => {
  test.each(['a push', 'a rewound branch'])('by %s, it opens nothing again', async (way) => {
    const name = way.replaceAll(' ', '-')
    const repository = world.repositories.unprotected
    const request = await grant(name, repository)
    const keys = await sessionOf(request)
    const at = named(repository)
    const before = await world.github('root').git.getRef({ ...at, ref: 'heads/main' })
    await world.commit('mallory', repository, 'main', { [request.path]: null })
    await world.settled()
    expect(await reads(keys)).toBe(false)

    if (way === 'a push')
      await world.commit('mallory', repository, 'main', { [request.path]: requestYaml({ duration: '30m' }) })
    else
      await world.github('root').git.updateRef({
        ...at,
        ref: 'heads/main',
        sha: before.data.object.sha,
        force: true,
      })
    await world.settled()

    expect(await reads(keys)).toBe(false)
    expect(await world.assume('alice', (await world.roleOf(request)) ?? request.path)).toMatchObject({
      kind: 'denied',
    })
    await passTo(endOf(request))
    expect(await world.roles()).toEqual([])
    expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
    expect(await world.comment(request)).toContain('because its file was taken off the branch')
  })
})

test('other bytes pushed over a granted file end the access at once', async () => {
  const repository = world.repositories.unprotected
  const request = await grant('widened', repository)
  const keys = await sessionOf(request)
  await world.commit('mallory', repository, 'main', {
    [request.path]: requestYaml({ prefixes: ['internal/'] }),
  })
  await world.settled()

  expect(await reads(keys)).toBe(false)
  expect(await world.comment(request)).toContain('because its file was changed after it had been approved')
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
})

test.each([
  ['hides whose it is', 'redescribed', () => 'Leave this alone'],
  ['names another file', 'of-other-bytes', (text = '') => text.replace(/[0-9a-f]{40}/, 'a'.repeat(40))],
])(
  'a role whose description somebody had it %s is ended at once, told of, and gone at its end',
  async (_, name, alter) => {
    const request = await grant(name)
    const role = (await world.roleOf(request)) ?? ''
    const keys = await sessionOf(request)
    const RoleName = role.slice(role.lastIndexOf('/') + 1)
    const iam = world.iam('root')
    const before = (await iam.send(new GetRoleCommand({ RoleName }))).Role?.Description
    expect(alter(before)).not.toBe(before)
    await iam.send(new UpdateRoleCommand({ RoleName, Description: alter(before) }))
    await world.advance('6m')
    await world.settled()

    expect(await reads(keys)).toBe(false)
    expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
    expect(await world.comment(request)).toContain('because its role was altered in AWS')
    expect(await world.grantCheck(request)).toMatchObject({ status: 'completed', conclusion: 'neutral' })
    expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
    await passTo(endOf(request))
    expect(await world.role(role)).toBeUndefined()
  },
)

test('a role that says it is of a request, and which none is behind, is ended', async () => {
  const request = await grant('planted-beside')
  const real = (await world.roleOf(request)) ?? ''
  const iam = world.iam('root')
  const found = await iam.send(new GetRoleCommand({ RoleName: real.slice(real.lastIndexOf('/') + 1) }))
  const { Description = '', Path, AssumeRolePolicyDocument = '' } = found.Role ?? {}
  const identity = { repositoryId: 1001, path: request.path, pull: 999_999 }
  const account = {
    alias: 'prod',
    id: '111122223333',
    partition: 'aws',
    region: '',
    role: '',
    boundary: '',
  } as const
  const own = roleOf(identity, account)
  await iam.send(
    new CreateRoleCommand({
      Path,
      RoleName: own.roleName,
      Description: Description.replace(`#${request.pull},`, `#${identity.pull},`),
      AssumeRolePolicyDocument: decodeURIComponent(AssumeRolePolicyDocument),
    }),
  )
  expect(await world.assume('alice', own.roleArn)).toMatchObject({ kind: 'allowed' })
  await world.advance('6m')
  await world.settled()

  expect(await world.assume('alice', own.roleArn)).toMatchObject({ kind: 'denied' })
  expect(await world.assume('alice', real)).toMatchObject({ kind: 'allowed' })
})
