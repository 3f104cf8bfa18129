import { describe, expect, it } from 'vitest'
import { judge, judgeOpen } from '../../src/core/approval.ts'
import { CHECKS } from '../../src/core/approval-checks.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { ABUSES, type Abuses, extending } from './approval-abuses.ts'
import {
  alice,
  bob,
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

describe('judging a merged request', () => {
  it('approves evidence that holds, and says who approved what and who merged', () => {
    expect(judge(evidence())).toEqual({
      outcome: 'approved',
      approvals: [{ person: olivia, commit: review().commit, at: MERGED_AT - 100 }],
      mergedBy: olivia,
    })
  })

  for (const check of CHECKS) {
    for (const [name, abuse] of Object.entries(ABUSES[check.code] ?? {}))
      it(`is not fooled by ${name}`, () => {
        expect(judge(abuse)).toMatchObject({ outcome: check.outcome, code: check.code })
      })

    it(`has an abuse that the check ${check.code} alone withstands`, () => {
      const others = CHECKS.filter(({ code }) => code !== check.code)
      const letPass = Object.values(ABUSES[check.code] ?? {}).filter((abuse) =>
        others.every((o) => !o.fault(abuse)),
      )
      expect(Object.keys(ABUSES[check.code] ?? {})).not.toEqual([])
      if (!IMPLIED.has(check.code)) expect(letPass).not.toEqual([])
    })
  }

  /** What they catch is caught further down as well; they are there for the sentence they say, or the asking again. */
  const IMPLIED = new Set(['author-unknown', 'no-owner', 'fallback-untold', 'merger-unknown'])

  const HONEST: Abuses = {
    'an extension of a file that stands as it was merged': extending(OTHER),
    'a login written in another case': evidence({ requester: 'ALICE' }),
    'an approval in the second of the merge': withReviews(review({ submittedAt: MERGED_AT })),
    'an approval after the base was changed': withPull({ baseChangedAt: MERGED_AT - 101 }),
    'a comment after the approval': withReviews(
      review(),
      review({ id: 11, state: 'commented', file: undefined }),
    ),
    'a change request that was followed by an approval': withReviews(
      review({ id: 9, state: 'changes-requested', submittedAt: MERGED_AT - 200 }),
      review(),
    ),
    'a change request and an approval in one second': withReviews(
      review({ id: 10 }),
      review({ id: 9, state: 'changes-requested' }),
    ),
    'a change request that was dismissed': withReviews(
      review(),
      review({ id: 11, person: oscar, state: 'dismissed' }),
    ),
    'a change request of somebody who owns nothing': withReviews(
      review(),
      review({ id: 11, person: mallory, state: 'changes-requested' }),
    ),
    'a second approval after the merge': withReviews(
      review(),
      review({ id: 11, submittedAt: MERGED_AT + 1 }),
    ),
    'an approval that does not count beside one that does': withReviews(
      review(),
      review({ id: 11, person: mallory }),
      review({ id: 12, person: oscar, file: OTHER }),
    ),
    'commits by several known people': withCommits(
      commit(),
      commit({ author: bob, committer: bob, coAuthors: [alice] }),
    ),
    'a commit by a known bot': withCommits(commit({ author: robot, committer: robot })),
    'an unattributable commit that does not touch the file': withCommits(
      commit(),
      commit({ author: null, touchesFile: false }),
    ),
    'an owner whose commit does not touch the file': withCommits(
      commit(),
      commit({ author: olivia, touchesFile: false }),
    ),
    'an owner named in person': evidence({ owners: { owners: [user(olivia)] } }),
    'an owner who maintains the repository': evidence({ owners: { owners: [user(olivia, 'maintain')] } }),
    'an owner who administers the repository': evidence({ owners: { owners: [user(olivia, 'admin')] } }),
    'an owner beside others who can not count': evidence({
      owners: { owners: [{ kind: 'email', text: 'a@b.c' }, user(mallory, 'read'), team] },
    }),
    'a requester who owns the path and merges what another owner approved': withPull(
      { author: oscar, mergedBy: oscar },
      { requester: 'oscar' },
    ),
    'a merge queue where anyone may merge': withPull({ mergedBy: robot }, { mergeBy: 'anyone' }),
    'a change request of an account that is gone': withReviews(
      review(),
      review({ id: 11, person: null, state: 'changes-requested' }),
    ),
    ...Object.fromEntries(
      (['read', 'triage', 'write', 'maintain', 'admin'] as const).map((authorPermission) => [
        `an author who has the permission ${authorPermission}`,
        evidence({ authorPermission }),
      ]),
    ),
    'two approvals where the rules ask for two': evidence({
      approvalsNeeded: 2,
      pull: pull({ reviews: [review(), review({ id: 11, person: oscar })] }),
    }),
  }
  for (const [name, honest] of Object.entries(HONEST))
    it(`does not mind ${name}`, () => {
      expect(judge(honest)).toMatchObject({ outcome: 'approved' })
    })

  it('puts the trust root before everything else', () => {
    const trustRoot = {
      holds: false,
      code: 'guarded-file-pushed',
      message: 'CODEOWNERS was pushed.',
    } as const
    expect(judge(evidence({ trustRoot, pull: undefined, owners: { owners: [] } }))).toMatchObject({
      outcome: 'unknown',
      message: 'CODEOWNERS was pushed.',
    })
  })

  it('tells of the abuses what the golden file says', () => {
    const told = CHECKS.map(({ code }) => {
      const verdicts = Object.values(ABUSES[code] ?? {}).map(judge)
      const messages = verdicts.map((verdict) => ('message' in verdict ? `- ${verdict.message}` : ''))
      return [`## ${code}`, '', ...new Set(messages)].join('\n')
    })
    expectGolden('verdicts', told.join('\n\n'))
  })

  it('says whose approval did not count, and why', () => {
    const verdict = judge(withReviews(review({ file: OTHER }), review({ id: 11, person: null })))
    expect(verdict).toMatchObject({
      message:
        'It has 0 of 1 approvals that count. The approval of olivia does not count: it was for other bytes. ' +
        'The approval of a deleted account does not count: GitHub no longer knows who gave it.',
    })
  })

  it('names the e-mail address that GitHub ties to nobody, and repeats no other text from a commit', () => {
    const unknownEmails = [
      'alice@laptop.local',
      '[click](https://evil.example)@x',
      '![x](https://evil.example) a@b.c',
      'a@b.c<img src=x>',
    ]
    expect(judge(withCommits(commit({ author: null, unknownEmails })))).toMatchObject({
      message: "Commit c0ffee0 can't be tied to GitHub accounts: no account has alice@laptop.local.",
    })
  })

  it('says of each owner why they can not count', () => {
    const owners = { owners: [user(olivia, 'read'), { kind: 'email', text: 'a@b.c' } as const] }
    expect(judge(evidence({ owners }))).toMatchObject({
      message:
        "No owner of this path can approve (@olivia: it has no write access; a@b.c: an e-mail address can't be tied to a reviewer safely).",
    })
  })
})

describe('judging an open pull request', () => {
  it('says that a merge now would hold', () => {
    expect(judgeOpen(open(evidence()))).toEqual({
      outcome: 'would-hold',
      approvals: [{ person: olivia, commit: review().commit, at: MERGED_AT - 100 }],
    })
  })

  for (const { code, outcome, stage } of CHECKS)
    for (const [name, abuse] of Object.entries(ABUSES[code] ?? {})) {
      // A time after the merge means nothing before it.
      if (stage === 'merged' || name.includes('after the merge')) continue
      it(`says of ${name} what the judgement will say`, () => {
        expect(judgeOpen(open(abuse))).toMatchObject({ outcome, code })
      })
    }

  it('asks each check of the judgement but those about the merge', () => {
    const left = CHECKS.filter(({ stage }) => stage === 'merged').map(({ code }) => code)
    expect(left).toEqual([
      'not-merged',
      'merge-incomplete',
      'merged-out-of-view',
      'changed-since',
      'taken-out-since',
      'merger-unknown',
      'merger-not-an-owner',
    ])
  })
})
