import { describe, expect, it } from 'vitest'
import { reminder, reminderAt } from '../../src/core/reminder.ts'
import type { Lent } from '../../src/core/report-grant.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { at, judged, lent, location } from './samples.ts'

const HOUR = 3600
const place = {
  repositoryUrl: 'https://github.com/acme/access',
  defaultBranch: 'main',
  path: location.path,
}

describe('the reminder', () => {
  it.each([
    ['extendable', 24 * HOUR],
    ['extendable-a-little', 5 * HOUR],
    ['at-the-limit', 4 * HOUR],
  ])('mentions whom it is for, and says how to go on: %s', (name, longest) => {
    expectGolden(`reminder-${name}`, reminder(lent, place, longest))
  })

  it('mentions nobody whose name can not be a login', () => {
    const author = { ...judged.author, login: 'alice @acme/everyone' }
    const to: Lent = { ...lent, judged: { ...judged, author } }
    expect(reminder(to, place, 24 * HOUR)).not.toMatch(/(?<![\w;])@\w/)
  })

  it('comes so long before the end as the rules say, and not where the whole window is no longer', () => {
    const window = { start: at('2026-11-24T09:00:00Z'), end: at('2026-11-24T13:00:00Z') }
    expect(reminderAt(window, 900)).toBe(at('2026-11-24T12:45:00Z'))
    expect(reminderAt(window, 4 * HOUR - 1)).toBe(at('2026-11-24T09:00:01Z'))
    expect(reminderAt(window, 4 * HOUR)).toBeUndefined()
  })
})
