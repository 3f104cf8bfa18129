import { expect, test } from 'vitest'
import type { RepositoryConfig } from '../src/config.ts'
import { NO_EVENTS } from '../src/event-stream.ts'
import { look, type Surroundings } from '../src/look.ts'
import { RateLimited } from '../src/ports.ts'
import { createMemory } from '../src/world.ts'
import { PROD } from './core/grant-samples.ts'

const NOW = Date.parse('2026-11-24T09:00:00Z') / 1000
const repository: RepositoryConfig = {
  id: 1001,
  name: 'acme/access',
  trustedCommit: 'a'.repeat(40),
  accounts: new Map([[PROD.alias, PROD]]),
}

function surroundings(changes: {
  readonly find?: Surroundings['find']
  readonly list?: Surroundings['grants']['list']
}): Surroundings & { readonly told: readonly string[] } {
  const told: string[] = []
  const log = { info() {}, warn() {}, error: (_: object, message: string) => void told.push(message) }
  const list = changes.list ?? (async () => ({ grants: [], strays: [] }))
  const grants = { list } as unknown as Surroundings['grants']
  return {
    find: changes.find ?? (async () => undefined),
    grants,
    now: () => NOW,
    log,
    events: NO_EVENTS,
    told,
  }
}

test('a repository that the app is not installed on is told of once, and by a measure', async () => {
  const memory = createMemory()
  const around = surroundings({})
  await look(around, repository, memory)
  await look(around, repository, memory)

  expect(around.told).toEqual([expect.stringContaining('not installed on this repository')])
  expect(memory.lastLook).toEqual({ endedAt: NOW, failures: 0, isFound: false })
})

test('one that GitHub says nothing of may well be there', async () => {
  const memory = createMemory()
  const find = () => Promise.reject(new Error('GitHub is down'))
  await look(surroundings({ find }), repository, memory)

  expect(memory.lastLook).toEqual({ endedAt: NOW, failures: 1 })
})

test('what goes on failing is tried again less often, and at first again once it went well', async () => {
  const memory = createMemory()
  const broken = surroundings({ list: () => Promise.reject(new Error('AWS is down')) })
  const waits: number[] = []
  for (let times = 0; times < 4; times += 1) waits.push(((await look(broken, repository, memory)) ?? 0) - NOW)
  await look(surroundings({}), repository, memory)
  waits.push(((await look(broken, repository, memory)) ?? 0) - NOW)

  expect(waits).toEqual([15, 30, 60, 60, 15])
})

test('what AWS alone can do does not wait for a rate limit of GitHub', async () => {
  const limited = { find: () => Promise.reject(new RateLimited('GET /', NOW + 1800)) }
  const list = () => Promise.reject(new Error('AWS is down'))

  expect(await look(surroundings(limited), repository, createMemory())).toBe(NOW + 1800)
  expect(await look(surroundings({ ...limited, list }), repository, createMemory())).toBe(NOW + 15)
})
