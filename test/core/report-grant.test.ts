import { describe, expect, it } from 'vitest'
import { extensionComment, grantComment } from '../../src/core/comment.ts'
import type { EndReason } from '../../src/core/grant.ts'
import type { Place } from '../../src/core/links.ts'
import { type GrantState, grantReport, type Lent } from '../../src/core/report-grant.ts'
import { ENDED_BECAUSE } from '../../src/core/report-words.ts'
import { expectGolden, pageOf } from '../golden/expect-golden.ts'
import {
  at,
  extendedJudged,
  grantFor,
  identityCenter,
  judged,
  lent,
  location,
  requestText,
} from './samples.ts'

const place: Place = {
  repositoryUrl: 'https://github.com/acme/access',
  defaultBranch: 'main',
  path: location.path,
}

const ended = (because: EndReason, when = judged.window.end): GrantState => ({
  kind: 'ended',
  lent,
  end: { at: when, because },
})
const bySso: Lent = { ...lent, judged: { ...judged, principal: identityCenter } }

const extended: Lent = { ...lent, judged: extendedJudged }

const STATES: Readonly<Record<string, GrantState>> = {
  pending: {
    kind: 'pending',
    code: 'team-unreadable',
    message: 'GitHub did not say who is in `acme/data-owners`.',
  },
  approved: { kind: 'approved', lent },
  'approved-obstacle': {
    kind: 'approved',
    lent,
    obstacle: {
      problem:
        'A quota of account prod (111122223333) is used up: Cannot exceed quota for RolesPerAccount: 1000.',
      fix: 'Ask AWS to raise it, or let grants end first.',
    },
  },
  waiting: { kind: 'granted', lent, phase: 'waiting', policies: grantFor(), refused: [] },
  open: { kind: 'granted', lent, phase: 'open', policies: grantFor(), refused: [] },
  'open-sso': { kind: 'granted', lent: bySso, phase: 'open', policies: grantFor(), refused: [] },
  'open-refused': {
    kind: 'granted',
    lent,
    phase: 'open',
    policies: grantFor(),
    refused: [
      { by: { id: 504, login: 'mallory', kind: 'person' }, edited: false, why: 'not-entitled' },
      { by: { id: 502, login: 'olivia', kind: 'person' }, edited: true, why: 'edited' },
    ],
  },
  'pending-extension': {
    kind: 'pending',
    code: 'paused',
    message: 'The rules say `paused`: nothing new is granted for now.',
    extends: 12,
  },
  extending: {
    kind: 'granted',
    lent: extended,
    phase: 'open',
    policies: grantFor(),
    refused: [],
    extending: true,
  },
  'open-extended': { kind: 'granted', lent: extended, phase: 'open', policies: grantFor(), refused: [] },
  'ended-extended': {
    kind: 'ended',
    lent: extended,
    end: { at: extended.judged.window.end, because: 'expired' },
  },
  'rejected-extension': {
    kind: 'rejected',
    code: 'approvals-missing',
    message: 'It has 0 of 1 approvals that count.',
    fix: 'Have an owner who is not involved approve the newest commit before the merge.',
    extends: 12,
  },
  'open-changed': {
    kind: 'granted',
    lent: {
      ...lent,
      judged: {
        ...lent.judged,
        found: {
          at: lent.judged.window.start + 3600,
          what: [
            'Its permissions boundary was taken off, and was put back.',
            'The policy arn:aws:iam::aws:policy/AdministratorAccess was attached to it, and was taken off.',
          ],
        },
      },
    },
    phase: 'open',
    policies: grantFor(),
    refused: [],
  },
  'ended-by-rules': {
    kind: 'ended',
    lent,
    end: {
      at: lent.judged.window.start + 60,
      because: 'rules-changed',
      detail: 'The rules lend no bucket `customer-exports` in `prod`.',
    },
  },
  'ended-by': {
    kind: 'ended',
    lent,
    end: {
      at: lent.judged.window.start + 60,
      because: 'given-back',
      by: { id: 502, login: 'olivia', kind: 'person' },
    },
  },
  rejected: {
    kind: 'rejected',
    code: 'approvals-missing',
    message: 'No code owner of `/access-requests/prod/` approved these bytes.',
    fix: 'Open a new pull request and have an owner who had no hand in it approve it.',
  },
  ended: ended('expired'),
  'ended-used': {
    kind: 'ended',
    lent,
    end: {
      at: judged.window.end,
      because: 'expired',
      lastUsed: { at: at('2026-11-24T10:30:00Z'), region: 'eu-central-1' },
    },
  },
  'ended-early': ended('file-removed', at('2026-11-24T10:30:00Z')),
}

/** They are the same as in the check of the request. */
function withoutPolicies(text: string): string {
  return text.replace(/```json.*?```/gs, '[policy]')
}

describe('the record and the comment of a request', () => {
  it.each(Object.entries(STATES))('say where it stands: %s', (name, state) => {
    const report = pageOf(grantReport(state))
    const comment = grantComment(state, {
      place,
      requestText,
      revert: { kind: 'merged', pull: 13 },
      checkRunId: 4711,
    })
    const page = `${withoutPolicies(report)}\n\n---------- the comment ----------\n\n${comment}`
    expectGolden(`grant-${name}`, page)
  })

  it.each(Object.entries(ENDED_BECAUSE))('say of an access that is over: %s', (because, words) => {
    const state = ended(because as EndReason)
    expect(grantReport(state).title).toContain(words)
    expect(grantComment(state, { place })).toContain(`because ${words}`)
  })

  it('say where the button is where there is no address of it', () => {
    const { open } = STATES
    if (open === undefined) throw new Error('no state is open')
    const words = 'press **End access now** in the check **Daypass / grant** of the merge commit:'
    expect(grantComment(open, { place })).toContain(words)
  })

  it('say in their first line what matters in a notification', () => {
    const first = (name: string) => grantComment(STATES[name] ?? ended('expired'), { place }).split('\n')[0]
    expect(first('open')).toMatch(/^\*\*Access is open until 2026-11-24 13:00 UTC\.\*\*/)
    expect(first('waiting')).toMatch(/^\*\*Access opens at 2026-11-24 09:00 UTC\*\* and closes at/)
    expect(first('ended')).toMatch(/^\*\*Access ended at 2026-11-24 13:00 UTC\*\* because/)
    expect(first('rejected')).toMatch(/^\*\*Not granted\.\*\* No code owner/)
  })

  it.each([
    ['open', 'takes it out of the branch. Its commit message is the receipt.'],
    ['merged', 'takes it out of the branch. Its commit message is the receipt.'],
    ['closed', 'was closed'],
  ] as const)('say what became of a revert pull request that is %s', (kind, words) => {
    const comment = grantComment(ended('expired'), { place, revert: { kind, pull: 13 } })
    expect(comment).toContain('https://github.com/acme/access/pull/13')
    expect(comment).toContain(words)
  })
})

describe('the comment on a pull request that extended an access', () => {
  it.each<[string, Extract<GrantState, { kind: 'granted' | 'ended' }>]>([
    ['open', { kind: 'granted', lent: extended, phase: 'open', policies: grantFor(), refused: [] }],
    ['ended', { kind: 'ended', lent: extended, end: { at: extended.judged.window.end, because: 'expired' } }],
  ])('says what became of it, and where to look for the rest: %s', (name, state) => {
    expectGolden(`extension-${name}`, extensionComment(state, 12, place))
  })
})

describe('an access that ended early', () => {
  it.each([
    ['before its window opened', '2026-11-24T08:59:00Z', 'at no time'],
    [
      'in its window',
      '2026-11-24T10:30:00Z',
      'until then; the window would have ended at 2026-11-24 13:00 UTC',
    ],
  ])('is told as it was: %s', (_, iso, words) => {
    expect(grantReport(ended('file-removed', at(iso))).summary).toContain(words)
  })
})
