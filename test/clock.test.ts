import { expect, test } from 'vitest'
import { type BareClock, correct } from '../src/clock.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')
const at = (ms: number) => new Date(ms).toUTCString()

function machine() {
  let time = NOON
  const listeners: (() => void)[] = []
  const clock: BareClock = { now: () => time, onJump: (listener) => void listeners.push(listener) }
  return {
    clock: correct(clock),
    jump(ms: number) {
      time += ms
      for (const listener of listeners) listener()
    },
  }
}

test('a clock that is off goes by the first answer at once', () => {
  const { clock } = machine()
  clock.compare(at(NOON - 300_000), clock.mark())
  expect(clock.error()).toBe(-300_000)
  expect(clock.now()).toBe(NOON - 300_000)
})

test('a few seconds are the time an answer takes, and no error; what is no date says nothing', () => {
  const { clock } = machine()
  for (const date of [at(NOON - 4000), at(NOON + 4000), 'yesterday', undefined])
    clock.compare(date, clock.mark())
  expect(clock.error()).toBe(0)
})

test('a clock that was right is not doubted by one answer alone', () => {
  const { clock } = machine()
  clock.compare(at(NOON), clock.mark())
  clock.compare(at(NOON + 3_600_000), clock.mark())
  expect(clock.error()).toBe(0)
})

test('an answer to a call from before the time was moved says nothing', () => {
  const { clock, jump } = machine()
  const before = clock.mark()
  jump(3_600_000)
  clock.compare(at(NOON), before)
  expect(clock.error()).toBe(0)
  expect(clock.now()).toBe(NOON + 3_600_000)
})

test('a clock that is put right is believed again', () => {
  const { clock, jump } = machine()
  clock.compare(at(NOON + 300_000), clock.mark())
  jump(300_000)
  expect(clock.error()).toBe(0)
  clock.compare(at(NOON + 300_000), clock.mark())
  expect(clock.now()).toBe(NOON + 300_000)
})
