import { afterEach, expect, it } from 'vitest'
import { ALARM_TITLE } from '../../src/core/alarm.ts'
import { newWorld, type World } from './world.ts'

let world: World
afterEach(() => world.close())

const PERMISSIONS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const

async function start(issues?: 'read' | 'write') {
  world = await newWorld({ permissions: issues ? { ...PERMISSIONS, issues } : PERMISSIONS })
  return world.open().writer
}

async function issues() {
  const { data } = await world.people.root.issues.listForRepo({
    ...world.at,
    state: 'all',
    direction: 'asc',
  })
  return data.map(({ number, user, body, state }) => [number, user?.login, body, state])
}

it('opens one issue, changes it, and closes it when there is nothing to shout about', async () => {
  const writer = await start('write')
  for (const text of ['one', 'one', 'two']) expect(await writer.tellAlarm(text)).toBe('told')
  expect(await issues()).toEqual([[1, 'daypass[bot]', 'two', 'open']])
  expect(await writer.tellAlarm(undefined)).toBe('told')
  expect(await writer.tellAlarm(undefined)).toBe('told')
  expect(await issues()).toEqual([[1, 'daypass[bot]', 'two', 'closed']])
})

it('leaves what others open under the same title, and closes its own double', async () => {
  const writer = await start('write')
  await world.people.mallory.issues.create({ ...world.at, title: ALARM_TITLE, body: 'mine' })
  await Promise.all([writer.tellAlarm('one'), world.open().writer.tellAlarm('one')])
  await writer.tellAlarm('two')
  expect((await issues()).filter(([, , , state]) => state === 'open')).toEqual([
    [1, 'mallory', 'mine', 'open'],
    [2, 'daypass[bot]', 'two', 'open'],
  ])
  await writer.tellAlarm(undefined)
  expect((await issues()).filter(([, , , state]) => state === 'open')).toEqual([
    [1, 'mallory', 'mine', 'open'],
  ])
})

it.each([undefined, 'read'] as const)('says why where it may not write issues: %s', async (permission) => {
  const writer = await start(permission)
  expect(await writer.tellAlarm('one')).toEqual({ refused: expect.stringContaining('issues') })
  expect(await issues()).toEqual([])
})
