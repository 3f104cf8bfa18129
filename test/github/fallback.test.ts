import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Owner } from '../../src/core/evidence.ts'
import { commit, merge, newWorld, PATH, propose, TEXT, type World } from './world.ts'

const TEAM: Owner = { kind: 'team', text: '@acme/data-owners', canWrite: true, members: [] }

let world: World
let pull: number
beforeEach(async () => {
  world = await newWorld()
  await commit(world, 'alice', 'ask', { [PATH]: TEXT })
  pull = await propose(world, 'alice', 'ask')
})
afterEach(() => world.close())

const read = () => world.open().reader.fallback(pull, { owners: [TEAM] }, ['@mallory', '@acme/nobody'])

it('tells who stands in, and since when the owners were asked in vain, also when the branch is gone', async () => {
  const at = { ...world.at, pull_number: pull }
  await world.people.mallory.pulls.requestReviewers({ ...at, reviewers: ['oscar'] })
  expect(await read(), 'oscar is no owner here').not.toHaveProperty('askedAt')
  await world.people.mallory.pulls.requestReviewers({ ...at, team_reviewers: ['data-owners'] })
  const before = await read()
  expect(before).toEqual({
    owners: [
      {
        kind: 'user',
        text: '@mallory',
        permission: 'write',
        person: expect.objectContaining({ login: 'mallory' }),
      },
      { kind: 'unresolved', text: '@acme/nobody', why: expect.any(String) },
    ],
    standsSince: expect.any(Number),
    askedAt: expect.any(Number),
  })
  expect(before.standsSince).toBeGreaterThan(Date.now() / 1000 - 600)

  await merge(world, 'oscar', pull)
  await world.people.alice.git.deleteRef({ ...world.at, ref: 'heads/ask' })
  expect(await read()).toEqual(before)
})
