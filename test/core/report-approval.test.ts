import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, judgeOpen, standing } from '../../src/core/approval.ts'
import { UNCOUNTED_REASONS } from '../../src/core/approvals.ts'
import type { Evidence, Review } from '../../src/core/evidence.ts'
import {
  type ApprovalFinding,
  approvalReport,
  type Judged,
  leastApproved,
  waitsFor,
} from '../../src/core/report-approval.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { ABUSES } from './approval-abuses.ts'
import {
  alice,
  commit,
  evidence,
  FILE,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  open,
  oscar,
  PATH,
  pull,
  review,
  robot,
  team,
  user,
  withPull,
  withReviews,
} from './approval-evidence.ts'
import { anyText } from './samples.ts'

const judgedOf = (of: Evidence, changes: Partial<Judged> = {}): Judged => ({
  path: PATH,
  pull: 7,
  of: 'request',
  verdict: judgeOpen(of),
  standing: standing(of),
  ...changes,
})

const finding = (of: Evidence, draft = false): ApprovalFinding => ({
  kind: 'judged',
  draft,
  judged: [judgedOf(open(of))],
})

const reportOf = (of: Evidence, draft = false) => approvalReport(finding(of, draft))

const page = ({ state, title, summary }: ReturnType<typeof approvalReport>) =>
  `${state}\n\n${title}\n\n${summary}`

const sayNo = (id: number, person = olivia): Review =>
  review({ id, person, state: 'changes-requested', submittedAt: MERGED_AT - 50 })

describe('the sentence of the approval check', () => {
  it.each<[string, Evidence, string]>([
    ['nobody has approved yet', withReviews(), 'Needs one approval from @acme/data-owners'],
    [
      'an owner approved other bytes',
      withReviews(review({ file: OTHER })),
      "Needs one approval from @acme/data-owners; olivia's approval was for other bytes",
    ],
    [
      'an approval was dismissed',
      withReviews(review({ state: 'dismissed' })),
      "Needs one approval from @acme/data-owners; olivia's review was dismissed",
    ],
    [
      'somebody approved who owns nothing',
      withReviews(review({ person: mallory })),
      'Needs one approval from @acme/data-owners; mallory is no owner with write access',
    ],
    [
      'the approver had a hand in the file',
      withPull({ commits: [commit(), commit({ coAuthors: [olivia] })] }),
      'Needs one approval from @acme/data-owners; olivia had a hand in it',
    ],
    [
      'the base was changed after the approval',
      withPull({ baseChangedAt: MERGED_AT - 50 }),
      "Needs one approval from @acme/data-owners; olivia's approval was for another base branch",
    ],
    [
      'a bot approved',
      withReviews(review({ person: robot })),
      'Needs one approval from @acme/data-owners; robot[bot] is not a person',
    ],
    [
      'the account of the approver is gone',
      withReviews(review({ person: null })),
      'Needs one approval from @acme/data-owners; an approval is of an account that GitHub no longer knows',
    ],
    [
      'the rules ask for two and one has approved',
      evidence({ approvalsNeeded: 2 }),
      'Needs one more approval from @acme/data-owners',
    ],
    [
      'the rules ask for two and nobody has approved',
      evidence({ approvalsNeeded: 2, pull: pull({ reviews: [] }) }),
      'Needs 2 approvals from @acme/data-owners',
    ],
    [
      'the rules ask for more than there are owners',
      evidence({ approvalsNeeded: 3, pull: pull({ reviews: [] }) }),
      'Needs 3 approvals, but only 2 may still give one',
    ],
    [
      'the only owner asks for it herself',
      evidence({ owners: { owners: [user(alice)] }, pull: pull({ reviews: [] }) }),
      'Needs one approval, but nobody may give it',
    ],
    [
      'several are named as owners',
      evidence({
        owners: { owners: [user(olivia), user(oscar), user(mallory), team] },
        pull: pull({ reviews: [] }),
      }),
      'Needs one approval from @olivia, @oscar, @mallory or 1 more',
    ],
    [
      'an owner asks for changes',
      withReviews(sayNo(11)),
      'olivia asks for changes; needs one approval from @acme/data-owners',
    ],
    [
      'one owner approved and another asks for changes',
      withReviews(review(), sayNo(11, oscar)),
      'oscar asks for changes',
    ],
    [
      'the request is named for somebody else',
      evidence({ requester: 'bob' }),
      'The requester named in the file is not alice, who opened the pull request',
    ],
    [
      'it goes into another branch',
      withPull({ baseBranch: 'release' }),
      'The pull request does not go into main, the default branch of this repository',
    ],
    [
      'the trust root is broken',
      evidence({ trustRoot: { holds: false, code: 'x', message: 'CODEOWNERS was pushed.' } }),
      'It can not be judged yet: CODEOWNERS was pushed',
    ],
  ])('says so where %s', (_, of, sentence) => {
    expect(reportOf(of)).toMatchObject({ state: 'pending', title: sentence, annotations: [] })
  })

  it('says who approved and who may merge, once a merge would be honoured', () => {
    expect(reportOf(evidence())).toMatchObject({
      state: 'success',
      title: 'Approved by olivia: olivia or oscar may merge',
    })
    expect(reportOf(evidence({ mergeBy: 'anyone' })).title).toBe(
      'Approved by olivia: anyone with write access may merge',
    )
  })

  it('waits for a draft to be ready, whoever has approved it', () => {
    expect(reportOf(evidence(), true)).toMatchObject({
      state: 'pending',
      title: 'Approved by olivia, but still a draft: mark it ready for review',
    })
    expect(reportOf(withReviews(), true).title).toBe(
      'It is a draft; needs one approval from @acme/data-owners',
    )
  })

  it('has words for every reason why an approval does not count', () => {
    for (const code of Object.keys(UNCOUNTED_REASONS) as (keyof typeof UNCOUNTED_REASONS)[]) {
      const uncounted = [{ person: olivia, code, why: UNCOUNTED_REASONS[code] }]
      const of = open(withReviews())
      const sentence = /^Needs one approval from @acme\/data-owners; (olivia|an approval)\b/
      const one = judgedOf(of, { standing: { ...standing(of), uncounted } })
      const { title, summary } = approvalReport({ kind: 'judged', draft: false, judged: [one] })
      expect(title).toMatch(sentence)
      expect(summary).toContain(`The approval of olivia does not count: ${UNCOUNTED_REASONS[code]}.`)
    }
  })

  it('counts the rest where many do not count', () => {
    const people = Array.from({ length: 9 }, (_, id) => ({
      id: id + 50,
      login: `m${id}`,
      kind: 'person' as const,
    }))
    const { title, summary } = reportOf(withReviews(...people.map((person) => review({ person }))))
    expect(title).toMatch(
      /^Needs one approval from @acme\/data-owners; m0 is no owner with write access; .*…$/,
    )
    expect(summary).toContain('; m2 is no owner with write access; 6 more do not count.**')
    for (const { login } of people) expect(summary).toContain(`The approval of ${login} does not count`)
  })
})

describe('the page of the approval check', () => {
  it.each<[string, ApprovalFinding]>([
    ['approval-none', { kind: 'nothing-to-check' }],
    ['approval-ends-access', { kind: 'ends-access', files: [PATH] }],
    ['approval-missing', finding(withReviews())],
    [
      'approval-uncounted',
      finding(
        evidence({
          owners: { owners: [team, { kind: 'email', text: 'data@acme.example' }] },
          pull: pull({
            reviews: [
              review({ file: OTHER }),
              review({ id: 11, person: mallory }),
              review({ id: 12, person: oscar, state: 'changes-requested' }),
            ],
          }),
        }),
      ),
    ],
    ['approval-there', finding(evidence())],
    ['approval-draft', finding(evidence(), true)],
    ['approval-hopeless', finding(evidence({ owners: { owners: [user(olivia, 'read')] } }))],
    ['approval-objection', finding(evidence({ authorPermission: 'none' }))],
    [
      'approval-change',
      {
        kind: 'judged',
        draft: false,
        judged: [judgedOf(open(withReviews()), { of: 'change', path: 'CODEOWNERS' })],
      },
    ],
    [
      'approval-group',
      {
        kind: 'judged',
        draft: false,
        judged: [
          judgedOf(open(evidence())),
          judgedOf(open(withReviews()), { pull: 8, path: PATH.replace('alice', 'bob') }),
        ],
      },
    ],
    ['approval-paused', waitsFor({ kind: 'paused' })],
    [
      'approval-rules-broken',
      waitsFor({
        kind: 'rules-broken',
        problems: [{ code: 'x', file: 'x', line: 1, column: 1, message: 'x', fix: 'x' }],
      }),
    ],
    [
      'approval-problems',
      waitsFor({
        kind: 'problems',
        problems: [
          {
            code: 'window-too-long',
            file: PATH,
            line: 4,
            column: 11,
            message: '`48h` is longer than the 12h that the rules allow for this bucket.',
            fix: 'Ask for 12h or less.',
          },
        ],
      }),
    ],
  ])('%s', (name, of) => {
    expectGolden(name, page(approvalReport(of)))
  })

  it('can not be dressed up by names and paths', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const of = open(withReviews(review({ person: { ...mallory, login: text } })))
        const one = judgedOf(of, { path: text })
        const { title, summary } = approvalReport({ kind: 'judged', draft: false, judged: [one, one] })
        expect(title).not.toMatch(/[\n\u202e]/)
        expect(title.length).toBeLessThanOrEqual(160)
        expect(summary).not.toContain('\u202e')
        expect(summary.replace(/(`+)[^`].*?\1/g, '')).not.toMatch(/<(?!span>|\/span>)/)
      }),
    )
  })
})

describe('what shares a commit', () => {
  const holds = finding(evidence())
  const lacks = finding(withReviews())

  it('is approved only if all of it is', () => {
    const together = (...findings: [ApprovalFinding, ...ApprovalFinding[]]) =>
      approvalReport(leastApproved(findings)).state
    expect(together(holds)).toBe('success')
    expect(together(holds, holds)).toBe('success')
    expect(together(holds, lacks)).toBe('pending')
    expect(together(lacks, holds)).toBe('pending')
    expect(together(holds, waitsFor({ kind: 'paused' }))).toBe('pending')
    expect(together({ kind: 'nothing-to-check' }, lacks)).toBe('pending')
    expect(together({ kind: 'nothing-to-check' }, holds)).toBe('success')
    expect(together({ kind: 'ends-access', files: [] }, { kind: 'nothing-to-check' })).toBe('success')
    expect(together(holds, finding(evidence(), true))).toBe('pending')
  })

  it('is named in full where it is several', () => {
    expect(approvalReport(leastApproved([holds, holds])).title).toBe('All 2 changes are approved')
    expect(approvalReport(leastApproved([holds, lacks])).title).toBe(
      `${PATH} of #7: Needs one approval from @acme/data-owners`,
    )
  })
})

/** What the judgement asks only of a merge, which an owner would have made at this very second. */
const merged = (of: Evidence, mergedBy = olivia): Evidence => ({
  ...of,
  onBranch: of.atMerge,
  mergedInView: true,
  takenOutSince: false,
  pull: of.pull && {
    ...of.pull,
    merged: true,
    mergedAt: Math.max(MERGED_AT, ...of.pull.reviews.map(({ submittedAt }) => submittedAt || 0)),
    mergedBy,
    mergeSha: 'd00d'.padEnd(40, '0'),
  },
})

describe('the approval check and the judgement after the merge', () => {
  const all = Object.entries(ABUSES).flatMap(([code, abuses]) =>
    Object.entries(abuses).map(([name, of]): [string, string, Evidence] => [code, name, open(of)]),
  )

  it('agree about every abuse: success is said only of what would be granted', () => {
    expect(all.length).toBeGreaterThan(60)
    const claimed = all.filter(([, , of]) => approvalReport(finding(of)).state === 'success')
    for (const [code, name, of] of claimed) {
      expect(judge(merged(of)).outcome, `${code}: ${name}`).toBe('approved')
    }
    const pending = all.filter(([, , of]) => approvalReport(finding(of)).state === 'pending')
    expect(pending.length).toBeGreaterThan(40)
    for (const [code, name, of] of pending) {
      expect(judge(merged(of)).outcome, `${code}: ${name}`).not.toBe('approved')
    }
  })

  it('agree about whatever people do in reviews, in any order', () => {
    const anyReview = fc.record({
      person: fc.constantFrom(alice, olivia, oscar, mallory, robot, null),
      state: fc.constantFrom('approved', 'changes-requested', 'commented', 'dismissed'),
      file: fc.constantFrom(FILE, OTHER, 'missing', undefined),
      submittedAt: fc.integer({ min: MERGED_AT - 5, max: MERGED_AT }),
    })
    fc.assert(
      fc.property(
        fc.array(anyReview, { maxLength: 6 }),
        fc.integer({ min: 0, max: 2 }),
        fc.option(fc.constant(MERGED_AT - 3), { nil: undefined }),
        (told, approvalsNeeded, baseChangedAt) => {
          const reviews = told.map((changes, id) => review({ ...changes, id } as Partial<Review>))
          const of = open(withPull({ reviews, baseChangedAt }, { approvalsNeeded }))
          const claimed = approvalReport(finding(of)).state === 'success'
          expect(judge(merged(of)).outcome === 'approved').toBe(claimed)
        },
      ),
      { numRuns: 300 },
    )
  })
})
