import { describe, expect, test } from 'vitest'
import { type EndOrder, isEndCommand, readOrders } from '../../src/core/early-end.ts'
import type { PathOwners, Person } from '../../src/core/evidence.ts'

const person = (id: number, login: string, kind: Person['kind'] = 'person'): Person => ({ id, login, kind })
const alice = person(501, 'alice')
const olivia = person(502, 'olivia')
const mallory = person(504, 'mallory')
const bot = person(900, 'helper[bot]', 'bot')

const owners: PathOwners = {
  file: '.github/CODEOWNERS',
  line: 1,
  owners: [{ kind: 'team', text: '@acme/data-owners', canWrite: true, members: [olivia, bot] }],
}
const order = (by: Person | null, edited = false): EndOrder => ({ by, edited })

describe('a comment', () => {
  test.each([
    '/daypass revoke',
    '  /daypass revoke  ',
    '/daypass revoke\r\nThank you!',
    '/daypass revoke\n',
    '/Daypass revoke',
    '/daypass  revoke, thanks',
    '/daypass revoke.',
  ])('asks for the end: %j', (text) => {
    expect(isEndCommand(text)).toBe(true)
  })

  test.each([
    '',
    '> /daypass revoke\n\nWhy?',
    'Please /daypass revoke',
    'Done.\n/daypass revoke',
    '/daypass revoked',
    '/daypass revoke-all',
    '/daypass  ',
    '`/daypass revoke`',
    '/daypass',
  ])('asks for nothing: %j', (text) => {
    expect(isEndCommand(text)).toBe(false)
  })
})

describe('the end of an access', () => {
  test.each([
    ['whom it is for', alice],
    ['an owner of the path', olivia],
  ])('is ordered by %s', (_, by) => {
    expect(readOrders([order(mallory), order(by)], alice, owners)).toEqual({ kind: 'end', by })
  })

  test('is ordered by an owner where nobody knows whom it was for', () => {
    expect(readOrders([order(olivia)], undefined, owners)).toEqual({ kind: 'end', by: olivia })
    expect(readOrders([order(alice)], undefined, owners)).toMatchObject({ kind: 'go-on' })
  })

  test('is refused to somebody else, and to whom has the name but not the id', () => {
    const other = person(999, 'alice')

    expect(readOrders([order(mallory), order(other)], alice, owners)).toEqual({
      kind: 'go-on',
      refused: [
        { ...order(mallory), why: 'not-entitled' },
        { ...order(other), why: 'not-entitled' },
      ],
    })
  })

  test('is not ordered by an edited comment, whoever wrote it: anybody may have edited it', () => {
    expect(readOrders([order(alice, true)], alice, owners)).toEqual({
      kind: 'go-on',
      refused: [{ ...order(alice, true), why: 'edited' }],
    })
  })

  test('is not ordered by a bot, nor by an account that is gone', () => {
    expect(readOrders([order(bot), order(null)], alice, owners)).toEqual({ kind: 'go-on', refused: [] })
  })
})
