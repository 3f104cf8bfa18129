import { describe, expect, it } from 'vitest'
import { standing } from '../../src/core/approval.ts'
import { UNCOUNTED_REASONS, type UncountedReason } from '../../src/core/approvals.ts'
import type { Evidence } from '../../src/core/evidence.ts'
import {
  alice,
  commit,
  evidence,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  open,
  oscar,
  pull,
  review,
  robot,
  team,
  user,
  withCommits,
  withPull,
  withReviews,
} from './approval-evidence.ts'

describe('how the approval of a request stands', () => {
  it('names the owners who may approve and merge, and how many approvals are missing', () => {
    expect(standing(open(withReviews()))).toEqual({
      counted: [],
      uncounted: [],
      changeRequests: [],
      needed: 1,
      missing: 1,
      awaited: [{ kind: 'team', text: '@acme/data-owners', people: [olivia, oscar] }],
      reviewed: [],
      mayApprove: ['olivia', 'oscar'],
      mayMerge: ['olivia', 'oscar'],
      silentOwners: [],
    })
  })

  it('counts what counts, and says of the rest why it does not', () => {
    const reviews = [
      review(),
      review({ id: 11, person: oscar, file: OTHER }),
      review({ id: 12, person: mallory }),
    ]
    const { counted, uncounted, missing } = standing(
      open(evidence({ approvalsNeeded: 3, pull: pull({ reviews }) })),
    )
    expect(counted.map(({ person }) => person)).toEqual([olivia])
    expect(uncounted).toEqual([
      { person: oscar, code: 'other-bytes', why: 'it was for other bytes' },
      {
        person: mallory,
        code: 'not-an-owner',
        why: 'it was not given by a code owner of this path with write access',
      },
    ])
    expect(missing).toBe(2)
  })

  const STANDS_IN = {
    owners: [user(mallory)],
    after: 900,
    counts: true,
    standsSince: MERGED_AT - 1000,
    askedAt: MERGED_AT - 1000,
  }
  const REASONS: Readonly<Record<UncountedReason, Evidence>> = {
    'reviewer-unknown': withReviews(review({ person: null })),
    'reviewer-not-a-person': withReviews(review({ person: robot })),
    'review-dismissed': withReviews(
      review({ id: 9, submittedAt: MERGED_AT - 200 }),
      review({ state: 'dismissed' }),
    ),
    'review-undated': withReviews(review({ submittedAt: Number.NaN })),
    'after-merge': withReviews(review({ submittedAt: MERGED_AT + 1 })),
    'changes-requested': withReviews(
      review(),
      review({ id: 11, state: 'changes-requested', submittedAt: MERGED_AT - 50 }),
    ),
    'base-changed-since': withPull({ baseChangedAt: MERGED_AT - 50 }),
    involved: withCommits(commit({ author: olivia })),
    'not-an-owner': withReviews(review({ person: mallory })),
    'fallback-untold': {
      ...withReviews(review({ person: mallory })),
      fallback: { ...STANDS_IN, standsSince: undefined },
    },
    'fallback-too-early': {
      ...withReviews(review({ person: mallory })),
      fallback: { ...STANDS_IN, after: 901 },
    },
    'commit-unknown': withReviews(review({ commit: undefined })),
    'other-bytes': withReviews(review({ file: OTHER })),
  }
  for (const [code, of] of Object.entries(REASONS))
    it(`lists one approval, and why it does not count: ${code}`, () => {
      const { counted, uncounted } = standing(of)
      const person = of.pull?.reviews.at(-1)?.person
      const why = UNCOUNTED_REASONS[code as UncountedReason]
      expect(counted).toEqual([])
      expect(uncounted).toEqual([{ person, code, why }])
    })

  it('counts no approval of the requester when somebody else opened the pull request', () => {
    expect(standing(evidence({ requester: 'Olivia' })).uncounted).toMatchObject([{ code: 'involved' }])
  })

  it('lists no approval of somebody who only asked for changes', () => {
    const asked = withReviews(review({ state: 'changes-requested' }))
    expect(standing(asked)).toMatchObject({ counted: [], uncounted: [], changeRequests: [olivia] })
  })

  it('does not offer the approval to people with a hand in the request, but lets them merge', () => {
    const { mayApprove, mayMerge } = standing(open(withCommits(commit({ coAuthors: [olivia] }))))
    expect(mayApprove).toEqual(['oscar'])
    expect(mayMerge).toEqual(['olivia', 'oscar'])
  })

  it('does not offer the approval to the requester when somebody else opened the pull request', () => {
    expect(standing(open(evidence({ requester: 'Olivia' }))).mayApprove).toEqual(['oscar'])
  })

  it('names somebody who owns the path twice only once', () => {
    expect(standing(evidence({ owners: { owners: [user(olivia), team] } })).mayApprove).toEqual([
      'olivia',
      'oscar',
    ])
  })

  it('awaits those of each owner who can still approve, and no owner of whom none can', () => {
    const awaitedOf = (of: Evidence) => standing(open(of)).awaited
    const owners = { owners: [team, user(olivia), { kind: 'email', text: 'a@b.c' } as const] }
    const byTeam = { kind: 'team', text: '@acme/data-owners' }
    expect(awaitedOf(evidence({ owners, approvalsNeeded: 2 }))).toEqual([{ ...byTeam, people: [oscar] }])
    expect(awaitedOf({ ...withCommits(commit({ coAuthors: [oscar] })), owners })).toEqual([])
    expect(awaitedOf({ ...withReviews(), owners })).toEqual([
      { ...byTeam, people: [olivia, oscar] },
      { kind: 'user', text: '@olivia', people: [olivia] },
    ])
  })

  it('awaits of those who stand in whoever has no hand in it and did not approve yet', () => {
    const owners = [alice, olivia, mallory].map((person) => user(person))
    const fallback = { ...STANDS_IN, owners }
    expect(standing({ ...open(evidence()), fallback }).fallback).toEqual({
      after: 900,
      counts: true,
      from: MERGED_AT - 100,
      owners: [{ kind: 'user', text: '@mallory', people: [mallory] }],
    })
  })

  it('knows who reviewed, in whatever way', () => {
    const reviews = [review(), review({ person: null }), review({ person: oscar, state: 'commented' })]
    expect(standing(open(withReviews(...reviews))).reviewed).toEqual([olivia.id, oscar.id])
  })

  it('says that anyone may merge where the rules say so', () => {
    expect(standing(evidence({ mergeBy: 'anyone' })).mayMerge).toBe('anyone')
  })

  it('names owners who can not count, and why', () => {
    const owners = [
      user(mallory, 'read'),
      { kind: 'user', text: '@nobody', person: null, permission: 'none' } as const,
      { ...team, canWrite: false },
      { ...team, members: [] },
      { kind: 'email', text: 'a@b.c' } as const,
      { kind: 'unresolved', text: '@acme/x', why: 'GitHub does not show it' } as const,
      user(olivia),
    ]
    expect(standing(evidence({ owners: { owners } })).silentOwners.map(({ why }) => why)).toEqual([
      'it has no write access',
      'GitHub does not know it',
      'the team has no write access',
      'the team has no members',
      "an e-mail address can't be tied to a reviewer safely",
      'GitHub does not show it',
    ])
  })

  it('names owners who ask for changes', () => {
    const asked = withPull({ reviews: [review({ person: oscar, state: 'changes-requested' })] })
    expect(standing(open(asked)).changeRequests).toEqual([oscar])
  })

  it('knows of nothing where no pull request brought the file', () => {
    expect(standing(evidence({ pull: undefined }))).toMatchObject({
      counted: [],
      uncounted: [],
      missing: 1,
      changeRequests: [],
    })
  })

  it('never offers the author the approval of their own request', () => {
    const owners = { owners: [team, user(alice)] }
    expect(standing(open(evidence({ owners }))).mayApprove).not.toContain('alice')
  })
})
