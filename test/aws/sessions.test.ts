/** Sessions that carry a source identity or transitive tags: the role they are lent lets them pass those on, and nothing else. */
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Principal } from '../../src/core/account.ts'
import type { Grant } from '../../src/core/grant.ts'
import { BOB } from '../../src/sandbox/seed.ts'
import { START } from '../core/grant-samples.ts'
import { type AwsWorld, bobIn, grantIn, startAwsWorld } from './aws-world.ts'
import { denied, GRANTED, get, policy } from './s3-reads.ts'

const IDENTITY = { SourceIdentity: 'alice' }
const TAGS = { Tags: [{ Key: 'login', Value: 'alice' }], TransitiveTagKeys: ['login'] }
const CARRIED = {
  nothing: {},
  'a source identity': IDENTITY,
  'transitive tags': TAGS,
  both: { ...IDENTITY, ...TAGS },
}
const PEOPLE = {
  everyone_in_role: undefined,
  session_name: { key: 'aws:userid', value: '*:alice' },
  principal_tag: { key: 'aws:PrincipalTag/login', value: 'alice' },
  source_identity: { key: 'aws:SourceIdentity', value: 'alice' },
}
const FOREIGN = { SourceIdentity: 'olivia' }
const OUTSIDE = { 'before its start': START - 1, 'from its end': START + 4 * 3600 }

const centre = (userName: string) => ({ permissionSet: BOB.permissionSet, userName })
const signedIn = {
  nothing: centre('n@acme.example'),
  'a source identity': { ...centre('i@acme.example'), sourceIdentity: 'bob' },
  'transitive tags': { ...centre('t@acme.example'), transitiveTags: { team: 'data' } },
  both: { ...centre('b@acme.example'), sourceIdentity: 'bob', transitiveTags: { team: 'data' } },
}

let world: AwsWorld
let team: string
let pull = 100

beforeAll(async () => {
  world = await startAwsWorld({ identityCenter: Object.values(signedIn) })
  team = `arn:aws:iam::${world.prod.id}:role/team`
  const trust = policy({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${world.prod.id}:user/alice` },
    Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
  })
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'team', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  )
})

afterAll(() => world.close())

async function granted(principal: Principal): Promise<Grant> {
  world.clock.set(START * 1000)
  pull += 1
  const grant = grantIn(world, { identity: { pull }, principal })
  await world.writer.write(world.prod, grant)
  return grant
}

const toTeam = (person: keyof typeof PEOPLE): Principal => {
  const condition = PEOPLE[person]
  return { kind: 'iam-role', arn: team, ...(condition && { person: condition }) }
}

const teamSession = (carried: Partial<AssumeRoleCommandInput>) =>
  world.assume(world.secrets.keys.alice, team, { RoleSessionName: 'alice', ...carried })

const CASES: [keyof typeof PEOPLE, keyof typeof CARRIED][] = [
  ['everyone_in_role', 'nothing'],
  ['everyone_in_role', 'a source identity'],
  ['everyone_in_role', 'transitive tags'],
  ['everyone_in_role', 'both'],
  ['session_name', 'nothing'],
  ['session_name', 'a source identity'],
  ['session_name', 'transitive tags'],
  ['session_name', 'both'],
  ['principal_tag', 'transitive tags'],
  ['principal_tag', 'both'],
  ['source_identity', 'a source identity'],
  ['source_identity', 'both'],
]

describe('whom the rules name by a role', () => {
  test.each(CASES)('by %s, with %s: reads within the window, as nobody else', async (person, what) => {
    const grant = await granted(toTeam(person))
    const session = await teamSession(CARRIED[what])
    const s3 = world.s3With(await world.assume(session, grant.roleArn))
    expect(await get(s3, GRANTED)).toContain('Initech')
    await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
    await expect(world.assume(session, grant.roleArn, FOREIGN)).rejects.toEqual(denied)
    for (const at of Object.values(OUTSIDE)) {
      world.clock.set(at * 1000)
      const then = await teamSession(CARRIED[what])
      await expect(world.assume(then, grant.roleArn)).rejects.toEqual(denied)
    }
  })

  test('stays whom they name: another source identity or tag is not let in', async () => {
    const another = { SourceIdentity: 'olivia', ...TAGS, Tags: [{ Key: 'login', Value: 'olivia' }] }
    for (const person of ['source_identity', 'principal_tag'] as const) {
      const grant = await granted(toTeam(person))
      const session = await teamSession(another)
      await expect(world.assume(session, grant.roleArn)).rejects.toEqual(denied)
      await expect(world.assume(session, grant.roleArn, { ...IDENTITY, ...TAGS })).rejects.toEqual(denied)
    }
  })

  test('opens nothing by tags of their own', async () => {
    const grant = await granted(toTeam('everyone_in_role'))
    const Tags = [{ Key: 'access', Value: 'everything' }]
    const s3 = world.s3With(await world.assume(await teamSession({}), grant.roleArn, { Tags }))
    expect(await get(s3, GRANTED)).toContain('Initech')
    await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
  })
})

test.each(Object.entries(signedIn))(
  'a person of Identity Center with %s reads within the window, as nobody else',
  async (_, person) => {
    const grant = await granted({ ...bobIn(world.prod), userName: person.userName })
    const s3 = world.s3With(await world.assumeFrom(person, grant.roleArn))
    expect(await get(s3, GRANTED)).toContain('Initech')
    await expect(world.assumeFrom(person, grant.roleArn, FOREIGN)).rejects.toEqual(denied)
    for (const at of Object.values(OUTSIDE)) {
      world.clock.set(at * 1000)
      await expect(world.assumeFrom(person, grant.roleArn)).rejects.toEqual(denied)
    }
  },
)

test('an IAM user, who carries neither, can give themselves neither', async () => {
  const grant = await granted({ kind: 'iam-user', arn: `arn:aws:iam::${world.prod.id}:user/alice` })
  for (const more of [IDENTITY, TAGS])
    await expect(world.assume(world.secrets.keys.alice, grant.roleArn, more)).rejects.toEqual(denied)
})
