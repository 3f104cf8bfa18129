import { describe, expect, it } from 'vitest'
import { judgeOpen, standing } from '../../src/core/approval.ts'
import { type OpenState, openComment } from '../../src/core/comment-open.ts'
import type { Evidence } from '../../src/core/evidence.ts'
import type { Problem } from '../../src/core/problem.ts'
import { waitsFor } from '../../src/core/report-approval.ts'
import type { BlockedRequest, RequestFinding } from '../../src/core/report-request.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { evidence, mallory, open, PATH, review, withReviews } from './approval-evidence.ts'
import { asked, at, grantFor, location } from './samples.ts'

const CONTEXT = {
  place: { repositoryUrl: 'https://github.com/acme/access', defaultBranch: 'main' },
  pull: 7,
}

function judgedOf(of: Evidence, start?: number): OpenState {
  const verdict = judgeOpen(open(of))
  const stands = standing(open(of))
  const request: RequestFinding = {
    kind: 'valid',
    asked: start === undefined ? asked : { ...asked, request: { ...asked.request, start } },
    grant: grantFor(),
    standing: stands,
  }
  const judged = [{ path: PATH, pull: 7, of: 'request', verdict, standing: stands }] as const
  return { kind: 'judged', request, approval: { kind: 'judged', draft: false, judged } }
}

function extensionOf(of: Evidence): OpenState {
  const state = judgedOf(of)
  if (state.kind !== 'judged' || state.request.kind !== 'valid') throw new Error('not as it was made')
  const { window } = grantFor()
  const before = { pull: 12, window: { start: window.start, end: window.end - 3600 } }
  return { ...state, request: { ...state.request, extends: before } }
}

function warnedOf(of: Evidence): OpenState {
  const state = judgedOf(of)
  if (state.kind !== 'judged' || state.request.kind !== 'valid') throw new Error('not as it was made')
  const principal = { kind: 'iam-role', arn: 'arn:aws:iam::111122223333:role/team' } as const
  const warned = { ...asked, terms: { ...asked.terms, principal } }
  return {
    ...state,
    request: { ...state.request, asked: warned, isPublic: true, isFull: true, isBeyondBoundary: true },
  }
}

const blocked = (request: BlockedRequest): OpenState => ({
  kind: 'judged',
  request,
  approval: waitsFor(request),
})

const problem: Problem = {
  code: 'window-too-long',
  file: location.path,
  line: 5,
  column: 11,
  message: 'The window of 400h is longer than 12h, the rules’ limit for this bucket.',
  fix: 'Ask for `12h` at most.',
}
const rules: Problem = { ...problem, file: '.github/daypass.yml' }
const unreadable = { kind: 'unknown', code: 'trust-root-broken', message: 'CODEOWNERS was pushed.' } as const

const STATES: Readonly<Record<string, OpenState>> = {
  'waits-for-an-approval': judgedOf(withReviews()),
  'waits-though-somebody-approved': judgedOf(
    withReviews(review({ person: mallory })),
    at('2026-11-30T09:00:00Z'),
  ),
  'waits-for-an-extension': extensionOf(withReviews()),
  'waits-for-the-merge': judgedOf(evidence()),
  'lets-everyone-in-where-everybody-reads': warnedOf(withReviews()),
  'one-problem': blocked({ kind: 'problems', problems: [problem] }),
  'many-problems': blocked({
    kind: 'problems',
    problems: [problem, ...Array.from({ length: 7 }, (_, line) => ({ ...problem, line }))],
  }),
  paused: blocked({ kind: 'paused' }),
  'rules-broken': blocked({ kind: 'rules-broken', problems: [rules] }),
  unknown: {
    kind: 'judged',
    request: unreadable,
    approval: { kind: 'waits', code: unreadable.code, sentence: unreadable.message },
  },
  withdrawn: { kind: 'withdrawn' },
  closed: { kind: 'closed' },
  unanswered: { kind: 'unanswered', after: 14 * 86_400, lacks: 'approval' },
  unmended: { kind: 'unanswered', after: 14 * 86_400, lacks: 'corrections' },
}

describe('the comment on a pull request that is not merged', () => {
  it.each(Object.entries(STATES))('says where it stands: %s', (name, state) => {
    expectGolden(`open-${name}`, openComment(state, CONTEXT))
  })

  it('says in its first line what matters in a notification', () => {
    for (const state of Object.values(STATES)) expect(openComment(state, CONTEXT)).toMatch(/^\*\*[A-Z]/)
  })

  it('mentions nobody, and lets nothing in a request act on GitHub', () => {
    const hostile = judgedOf(withReviews())
    if (hostile.kind !== 'judged' || hostile.request.kind !== 'valid') throw new Error('not as it was made')
    const reason = '@everyone <!-- daypass --> fixes #1 **approved by olivia**'
    const request = { ...hostile.request, asked: { ...asked, request: { ...asked.request, reason } } }
    const comment = openComment({ ...hostile, request }, CONTEXT)
    expect(comment).not.toMatch(/(?<![\w;])@\w/)
    expect(comment).not.toContain('<!--')
    expect(comment).not.toContain('**approved by olivia**')
    expect(comment).not.toMatch(/#1\b/)
  })
})
