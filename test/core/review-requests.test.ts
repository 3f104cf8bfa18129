import { describe, expect, it } from 'vitest'
import { judgeOpen, standing } from '../../src/core/approval.ts'
import type { Evidence, Person } from '../../src/core/evidence.ts'
import { type Reviewers, reviewersToAsk } from '../../src/core/review-requests.ts'
import {
  alice,
  evidence,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  open,
  oscar,
  PATH,
  pull,
  review,
  team,
  user,
  withReviews,
} from './approval-evidence.ts'

const NOBODY: Reviewers = { people: [], teams: [] }

function asks(of: Evidence, asked: Reviewers = NOBODY, now = MERGED_AT): Reviewers {
  const before = open(of)
  const judged = {
    path: PATH,
    pull: 7,
    of: 'request' as const,
    verdict: judgeOpen(before),
    standing: standing(before),
  }
  return reviewersToAsk([judged], asked, now)
}

const owned = (...owners: Evidence['owners']['owners'][number][]): Evidence =>
  evidence({ owners: { owners }, pull: pull({ reviews: [] }) })

const people = (count: number): Person[] =>
  Array.from({ length: count }, (_, id) => ({ id: id + 100, login: `owner-${id}`, kind: 'person' }))

describe('who is asked for a review', () => {
  it('is who stands in for the owners too, once it is their turn and not before', () => {
    const standsSince = MERGED_AT - 1000
    const fallback = { owners: [user(mallory)], after: 900, counts: false, standsSince, askedAt: standsSince }
    const of = { ...owned(team), fallback }
    expect(asks(of, NOBODY, MERGED_AT - 101)).toEqual({ teams: ['data-owners'], people: [] })
    expect(asks(of, NOBODY, MERGED_AT - 100)).toEqual({ teams: ['data-owners'], people: ['mallory'] })
    expect(asks({ ...of, fallback: { ...fallback, askedAt: undefined } })).toMatchObject({ people: [] })
  })

  it('is the team that owns the path, and every person named besides', () => {
    expect(asks(owned(team, user(mallory)))).toEqual({ teams: ['data-owners'], people: ['mallory'] })
  })

  it('is never the author, nor who had a hand in the file, nor who can not count', () => {
    expect(asks(owned(user(alice), user(oscar, 'read'), { kind: 'email', text: 'a@acme.example' }))).toEqual(
      NOBODY,
    )
    expect(asks(owned({ ...team, members: [alice] }))).toEqual(NOBODY)
    expect(asks(owned({ ...team, canWrite: false }))).toEqual(NOBODY)
  })

  it('is nobody who was asked before, though somebody took them off the list', () => {
    expect(asks(owned(team, user(mallory)), { teams: ['data-owners'], people: [] })).toEqual({
      teams: [],
      people: ['mallory'],
    })
    expect(asks(owned(user({ ...mallory, login: 'Mallory' })), { teams: [], people: ['mallory'] })).toEqual(
      NOBODY,
    )
  })

  it('is nobody who has reviewed already: of their team the others are asked one by one', () => {
    expect(asks(withReviews(review({ file: OTHER })))).toEqual({ teams: [], people: ['oscar'] })
    expect(asks(withReviews(review({ person: oscar, state: 'commented' })))).toEqual({
      teams: [],
      people: ['olivia'],
    })
    expect(asks(withReviews(review({ state: 'dismissed' })), { teams: ['data-owners'], people: [] })).toEqual(
      NOBODY,
    )
  })

  it('is nobody where an approval is not what is missing', () => {
    expect(asks(evidence())).toEqual(NOBODY)
    expect(asks(withReviews(review({ state: 'changes-requested' })))).toEqual(NOBODY)
    expect(asks({ ...owned(team), requester: 'bob' })).toEqual(NOBODY)
    expect(
      asks({ ...owned(team), trustRoot: { holds: false, code: 'x', message: 'Somebody did it.' } }),
    ).toEqual(NOBODY)
  })

  it('is whoever can still be asked where one of two approvals is there', () => {
    expect(asks(evidence({ approvalsNeeded: 2 }), NOBODY)).toEqual({ teams: ['data-owners'], people: [] })
    expect(asks(evidence({ approvalsNeeded: 2, owners: { owners: [user(olivia), user(oscar)] } }))).toEqual({
      teams: [],
      people: ['oscar'],
    })
  })

  it('is never more than GitHub takes', () => {
    const many = asks(owned(team, ...people(30).map((person) => user(person))))
    expect(many.teams).toEqual(['data-owners'])
    expect(many.people).toHaveLength(14)
  })
})
