import { afterAll, beforeAll, expect, test } from 'vitest'
import { measureDenial, measureGrant, measureIdle, measureMerge } from './call-budget.ts'
import { openStage, type Place, type Stage } from './stage.ts'

const PAST = process.env.FULL === '1' ? 25 : 2

/** Without a change GitHub's answers count against no limit: 304. Reconcile and preview each ask where the branch is. */
const IDLE = [
  'git/matching-refs/heads/gh-readonly-queue/main/pr- 304',
  'git/ref/heads/main 304',
  'git/ref/heads/main 304',
  'iam:ListRoles 200',
  'issues/comments?since=TIME&per_page=100 304',
  'pulls?state=open&per_page=100 304',
]

let stage: Stage
beforeAll(async () => {
  stage = await openStage(6)
}, 120_000)
afterAll(() => stage.close())

function next(): Place {
  const place = stage.nextRepository()
  if (place === undefined) throw new Error('there are too few repositories')
  return place
}

test(`where nothing changed, a look costs the same after ${PAST} requests as after none: free reads, and one list of roles`, async () => {
  const [young, old] = [await measureIdle(stage, next(), 0), await measureIdle(stage, next(), PAST)]

  expect(old).toEqual(young)
  expect(young).toEqual(IDLE)
}, 300_000)

test('after a merge it is asked no more often what the branch gained and how it moved, however many grants stand', async () => {
  const [one, five] = [await measureMerge(stage, next(), 1), await measureMerge(stage, next(), 5)]

  expect(five).toEqual(one)
  expect(one.compare).toBeGreaterThan(0)
  expect(one.activity).toBeGreaterThan(0)
}, 300_000)

test('the end of a window is denied by calls of IAM alone', async () => {
  expect(await measureDenial(stage, next())).toEqual([
    'iam:ListRoles',
    'iam:PutRolePolicy',
    'iam:UpdateAssumeRolePolicy',
  ])
}, 120_000)

test('from a merge to the last write of its grant it is no more round trips than docs/reliability.md tells', async () => {
  expect(await measureGrant(stage, next())).toBe(5)
}, 120_000)
