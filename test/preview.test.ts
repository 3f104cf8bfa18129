import { expect, test } from 'vitest'
import { Unreadable } from '../src/ports.ts'
import { preview } from '../src/preview.ts'
import { createMemory, type GitHub, type PreviewWorld } from '../src/world.ts'

const COMMIT = 'c'.repeat(40)

/** A repository with that many open pull requests, and how many of them were looked at, and at once. */
function worldOf(count: number) {
  const looked = { all: 0, now: 0, most: 0, pulls: new Set<unknown>() }
  const pulls = Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    headSha: index.toString(16).padStart(40, '0'),
    baseBranch: 'main',
    draft: false,
    updatedAt: '2026-11-23T12:00:00Z',
    createdAt: 0,
    labels: [],
  }))
  const reader: Partial<GitHub['reader']> = {
    branchHead: async () => COMMIT,
    expectMerges() {},
    snapshot: async () => ({ commit: COMMIT, requests: [] }),
    openPulls: async () => pulls,
    mergeGroups: async () => [],
    closedWaiting: async () => [],
    async changedFiles(pull) {
      looked.pulls.add(pull)
      looked.all += 1
      looked.now += 1
      looked.most = Math.max(looked.most, looked.now)
      await Promise.resolve()
      looked.now -= 1
      throw new Unreadable('the files of a pull request', 'GitHub answered 502')
    },
  }
  const github = { url: 'https://github.com/acme/access', defaultBranch: 'main', reader, writer: {} }
  const silent = () => {}
  const world = {
    repository: { id: 1, accounts: new Map() },
    github,
    now: () => 0,
    log: { info: silent, warn: silent, error: silent },
    memory: createMemory(),
    isAwaited: () => false,
  } as unknown as PreviewWorld
  return { world, looked }
}

test('however many pull requests are open, few are looked at at once, and all in the end', async () => {
  const { world, looked } = worldOf(300)
  await preview(world)
  expect(looked).toMatchObject({ all: 300, now: 0 })
  expect(looked.most).toBeLessThanOrEqual(8)
})

test('one who waits for the next look, as who ended an access, waits for seconds, however many are open', async () => {
  const { world, looked } = worldOf(300)
  // Each takes a second.
  const slow = { ...world, now: () => looked.all, isAwaited: () => true }
  await preview(slow)
  expect(looked.all).toBeGreaterThanOrEqual(10)
  expect(looked.all).toBeLessThan(20)

  for (let looks = 1; looks < 40; looks += 1) await preview(slow)
  expect(looked.pulls.size).toBe(300)
})
