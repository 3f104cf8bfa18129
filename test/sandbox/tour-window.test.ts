import { expect, test } from 'vitest'
import { createNarrator, TourFailed } from '../../src/sandbox/tour-narrator.ts'
import { watchEnd } from '../../src/sandbox/tour-window.ts'

const END = Date.parse('2026-11-24T09:00:20Z')
const lines: string[] = []
const narrator = createNarrator((line) => lines.push(line), false)

/** Each look at the clock takes 150 ms; reading is allowed until `closes`. */
function world(closes: number, from = END - 4_000) {
  let time = from
  const now = () => (time += 150)
  const read = async () =>
    now() < closes
      ? ({ kind: 'allowed', value: '' } as const)
      : ({ kind: 'denied', code: 'AccessDenied' } as const)
  return { now, read, end: END, narrator }
}

test('is content with reads until the last second and none from the end on', async () => {
  const watched = await watchEnd(world(END))

  expect(watched.lastBefore).toBeLessThan(1_000)
  expect(watched.firstAfter).toBeLessThan(1_000)
  expect(watched.allowed).toBeGreaterThan(3)
  expect(watched.denied).toBeGreaterThan(1)
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}… 4 s left, 0 reads answered$/))
})

test('fails where reading goes on after the end', async () => {
  await expect(watchEnd(world(END + 1_000))).rejects.toThrow(
    /^expected: no reading after the end; seen: a read/,
  )
})

test('fails where reading stops before the end', async () => {
  await expect(watchEnd(world(END - 1_000))).rejects.toThrow(/^expected: to read until the end; seen: denied/)
})

test('fails where it came too late to see the last second', async () => {
  await expect(watchEnd(world(END, END + 100))).rejects.toThrow(TourFailed)
})
