/** Attacks by other people's sessions of Identity Center: a permission set whose name begins like another's, or ends like it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/core/grant.ts'
import { BOB } from '../../src/sandbox/seed.ts'
import { type AwsWorld, bobIn, grantIn, startAwsWorld } from './aws-world.ts'

const SET = BOB.permissionSet
const OTHERS = [
  `${SET}s`,
  `${SET}_x`,
  `${SET}_0123456789abcdef`,
  `${SET}_0123456789`,
  `My${SET}`,
  SET.slice(0, -1),
  SET.toLowerCase(),
]

let world: AwsWorld
let grant: Grant

beforeAll(async () => {
  const sessions = [...OTHERS, SET].map((permissionSet) => ({ permissionSet, userName: BOB.userName }))
  const somebodyElse = { permissionSet: SET, userName: `x${BOB.userName}` }
  world = await startAwsWorld({ identityCenter: [...sessions, somebodyElse] })
  grant = grantIn(world, { principal: bobIn(world.prod) })
  await world.writer.write(world.prod, grant)
})

afterAll(() => world.close())

const assumeAs = (permissionSet: string, userName: string = BOB.userName) =>
  world.assumeFrom({ permissionSet, userName }, grant.roleArn).then(
    () => 'let in',
    (error: Error) => error.name,
  )

test.each(OTHERS)(
  'the permission set %s does not let its people in, under the very user name',
  async (set) => {
    expect(await assumeAs(set)).toBe('AccessDenied')
  },
)

test('the permission set itself does, also where it was given out anew, but only the person', async () => {
  expect(await assumeAs(SET)).toBe('let in')
  expect(await assumeAs(SET, `x${BOB.userName}`)).toBe('AccessDenied')
})
