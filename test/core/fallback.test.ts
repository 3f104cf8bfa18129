import { describe, expect, it } from 'vitest'
import { judge, judgeOpen, standing } from '../../src/core/approval.ts'
import type { Evidence, Fallback, MergedPull } from '../../src/core/evidence.ts'
import { standIns } from '../../src/core/report-standing.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import {
  commit,
  evidence,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  open,
  pull,
  review,
  team,
  user,
} from './approval-evidence.ts'

const ASKED = MERGED_AT - 2000
const AFTER = 1000
/** From when on mallory stands in for the owners. */
const FROM = ASKED + AFTER

const STANDS_IN: Fallback = {
  owners: [user(mallory)],
  after: AFTER,
  counts: true,
  standsSince: ASKED,
  askedAt: ASKED,
}

const approval = review({ person: mallory, submittedAt: FROM })

/** What mallory approved and merged. */
function by(
  { changes = {}, ...rest }: { changes?: Partial<MergedPull> } & Partial<Evidence> = {},
  fallback: Partial<Fallback> = {},
): Evidence {
  const brought = pull({ reviews: [approval], mergedBy: mallory, ...changes })
  return evidence({ pull: brought, fallback: { ...STANDS_IN, ...fallback }, ...rest })
}

function outcome(of: Evidence): string {
  const verdict = judge(of)
  return verdict.outcome === 'approved' ? 'approved' : verdict.code
}

describe('whoever stands in for owners that do not answer', () => {
  it.each<[string, Evidence, string]>([
    ['approves and merges once the owners had their time', by(), 'approved'],
    [
      'counts for nothing a second sooner, though it was merged later',
      by({ changes: { reviews: [review({ person: mallory, submittedAt: FROM - 1 })] } }),
      'approvals-missing',
    ],
    [
      'does not merge what an owner approved, before it is their turn',
      by({ changes: { reviews: [review({ submittedAt: FROM - 2 })], mergedAt: FROM - 1 } }),
      'merger-not-an-owner',
    ],
    ['merges what an owner approved, in their turn', by({ changes: { reviews: [review()] } }), 'approved'],
    ['waits anew from the last push', by({}, { standsSince: ASKED + 1 }), 'approvals-missing'],
    ['waits from when an owner was asked', by({}, { askedAt: ASKED + 1 }), 'approvals-missing'],
    ['has nobody to stand in for who was never asked', by({}, { askedAt: undefined }), 'approvals-missing'],
    [
      'is not known to have waited where GitHub does not tell',
      by({}, { standsSince: undefined }),
      'fallback-untold',
    ],
    [
      'is not known to have waited where GitHub tells nonsense',
      by({}, { standsSince: Number.NaN }),
      'approvals-missing',
    ],
    [
      'counts for nothing where the rules only have them asked',
      by({}, { counts: false }),
      'approvals-missing',
    ],
    [
      'counts for nothing without write access',
      by({}, { owners: [user(mallory, 'triage')] }),
      'approvals-missing',
    ],
    [
      'counts for nothing with a hand in the request',
      by({ changes: { commits: [commit({ coAuthors: [mallory] })] } }),
      'approvals-missing',
    ],
    [
      'approves these bytes, and no others',
      by({ changes: { reviews: [{ ...approval, file: OTHER }] } }),
      'approvals-missing',
    ],
    [
      'does not override an owner who asks for changes',
      by({ changes: { reviews: [approval, review({ id: 11, state: 'changes-requested' })] } }),
      'changes-requested',
    ],
    [
      'may refuse at any time',
      by({
        changes: {
          reviews: [
            review(),
            review({ id: 11, person: mallory, state: 'changes-requested', submittedAt: ASKED }),
          ],
          mergedBy: olivia,
        },
      }),
      'changes-requested',
    ],
    ['makes up one approval of two', by({ approvalsNeeded: 2 }), 'approvals-missing'],
    [
      'makes up the second approval of two',
      by({ approvalsNeeded: 2, changes: { reviews: [review(), { ...approval, id: 11 }] } }),
      'approved',
    ],
    ['owns nothing where nobody does', by({ owners: { owners: [] } }), 'no-owner'],
  ])('%s', (_, of, expected) => {
    expect(outcome(of)).toBe(expected)
  })

  it.each<[string, Evidence, string]>([
    [
      'asks nothing of the time where enough owners approved and one merged',
      by({ changes: { reviews: [review()], mergedBy: olivia } }, { standsSince: undefined }),
      'approved',
    ],
    [
      'asks nothing where a stand-in approved besides',
      by(
        { changes: { reviews: [review(), { ...approval, id: 11 }], mergedBy: olivia } },
        { standsSince: undefined },
      ),
      'approved',
    ],
    [
      'holds up the merger alone',
      by({ changes: { reviews: [review()] } }, { standsSince: undefined }),
      'fallback-untold',
    ],
    [
      'holds nothing up where anyone may merge',
      by({ mergeBy: 'anyone', changes: { reviews: [review()] } }, { standsSince: undefined }),
      'approved',
    ],
    [
      'does not hold up what too few approved all the same',
      by({ approvalsNeeded: 2 }, { standsSince: undefined }),
      'approvals-missing',
    ],
  ])('of unknown patience %s', (_, of, expected) => {
    expect(outcome(of)).toBe(expected)
  })

  it.each([
    ['in time', FROM, 'would-hold'],
    ['too early', FROM - 1, 'rejected'],
  ])('is judged the same before the merge: %s', (_, submittedAt, expected) => {
    const of = by({ changes: { reviews: [review({ person: mallory, submittedAt })] } })
    expect(judgeOpen(open(of)).outcome).toBe(expected)
  })

  it('is told to be too early where the owners were never asked', () => {
    expect(judge(by({}, { askedAt: undefined }))).toMatchObject({
      message:
        'It has 0 of 1 approvals that count. The approval of mallory does not count: ' +
        'it stands in for owners who had not had the time yet that the rules give them to answer.',
    })
  })

  it('is said beforehand, with the time', () => {
    const said = (fallback: Partial<Fallback>) =>
      standIns(standing(open(by({ owners: { owners: [team] }, changes: { reviews: [] } }, fallback))))
    const texts = [said({}), said({ askedAt: undefined }), said({ counts: false }), said({ owners: [] })]
    expectGolden('stand-ins', texts.join('\n---\n'))
  })

  it('is told without a time where GitHub tells nonsense', () => {
    expect(standing(open(by({}, { askedAt: Number.NaN }))).fallback).not.toHaveProperty('from')
  })

  it('is no use for a change of rules or CODEOWNERS: their question knows no fallback', () => {
    const { fallback: _, ...guarded } = by()
    expect(outcome(guarded)).toBe('approvals-missing')
  })
})
