import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Standing } from '../../src/core/approval.ts'
import type { Asked } from '../../src/core/asked.ts'
import type { Problem } from '../../src/core/problem.ts'
import { brokenRulesReport, type RequestFinding, requestReport } from '../../src/core/report-request.ts'
import { expectGolden, pageOf } from '../golden/expect-golden.ts'
import {
  anyText,
  asked,
  at,
  extendedJudged,
  grantFor,
  identityCenter,
  judged,
  location,
  olivia,
  oscar,
  request,
  reviewed,
  roleWithPerson,
  sharedRole,
} from './samples.ts'

const untouched: Standing = {
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
}

function valid(of: Asked = asked, standing: Standing = untouched) {
  return requestReport({ kind: 'valid', asked: of, grant: grantFor(of), standing })
}

/** They are shown in full by `request-valid`. */
function withoutPolicies(text: string): string {
  return text.replace(/\n\n<details>.*$/s, '')
}

const problems: readonly [Problem, ...Problem[]] = [
  {
    code: 'unknown-field',
    file: location.path,
    line: 2,
    column: 1,
    message: '`reasn` is not a field of a request.',
    fix: 'Did you mean `reason`?',
  },
  {
    code: 'prefix-wildcard',
    file: location.path,
    line: 4,
    column: 12,
    message: '`exports/*` holds a wildcard.',
    fix: 'Write a folder, such as `exports/`: all below it is meant.',
  },
  {
    code: 'window-too-long',
    file: location.path,
    line: 5,
    column: 11,
    message: '`48h` is longer than the 12h that the rules allow for this bucket.',
    fix: 'Ask for 12h or less.',
  },
]

describe('the check of a request that can be granted', () => {
  it('lets an owner decide from its summary', () => {
    const report = valid()
    expect(report.conclusion).toBe('success')
    expectGolden('request-valid', pageOf(report))
  })

  it('warns where a merge now could not be granted yet, as the account is full', () => {
    const full = { kind: 'valid', asked, grant: grantFor(), standing: untouched, isFull: true } as const
    expectGolden('request-valid-full', withoutPolicies(pageOf(requestReport(full))))
  })

  it('warns where AWS would deny it all the same, as the boundary does not hold it', () => {
    const finding = { kind: 'valid', asked, grant: grantFor(), standing: untouched } as const
    const beyond = requestReport({ ...finding, isBeyondBoundary: true })
    expect(beyond.summary).toContain('**AWS will deny this, or a part of it, whoever approves:**')
    expect(requestReport(finding).summary).not.toContain('AWS will deny this')
  })

  it('names both ends of a window that is planned', () => {
    const planned = { ...asked, request: { ...request, start: at('2026-11-24T09:00:00Z') } }
    expect(valid(planned).summary).toContain('for 4 h, from 2026-11-24 09:00 UTC until 2026-11-24 13:00 UTC.')
    expectGolden('request-valid-planned', withoutPolicies(pageOf(valid(planned))))
  })

  it('shows an extension as one: the old end, the new end, and who', () => {
    const longer = { ...asked, request: { ...request, durationSeconds: 6 * 3600 } }
    const report = requestReport({
      kind: 'valid',
      asked: longer,
      grant: { ...grantFor(longer), window: extendedJudged.window },
      standing: untouched,
      extends: { pull: 12, window: judged.window },
    })
    expectGolden('request-extension', withoutPolicies(pageOf(report)))
  })

  it('says who may merge where the rules let anyone, and which owner can never count', () => {
    const report = valid(asked, {
      ...untouched,
      mayMerge: 'anyone',
      silentOwners: [{ text: '@acme/interns', why: 'the team has no write access' }],
    })
    expectGolden('request-valid-anyone', withoutPolicies(pageOf(report)))
  })

  it('says the same whoever has approved it: that is told by the check of its approval', () => {
    const standing = {
      ...untouched,
      missing: 0,
      counted: [{ person: olivia, commit: reviewed, at: at('2026-11-24T08:57:12Z') }],
    }
    expect(valid(asked, standing)).toEqual(valid())
  })

  it('warns plainly that a role without a condition lets everyone in who can assume it', () => {
    const shared = { ...asked, terms: { ...asked.terms, principal: sharedRole } }
    expect(valid(shared).summary).toContain('⚠️ **Everyone who can assume the IAM role')
  })

  it("warns that a session's name may be chosen by whoever can assume the role", () => {
    const person = { key: 'aws:userid', value: '*:alice' }
    const named = { ...asked, terms: { ...asked.terms, principal: { ...sharedRole, person } } }
    const { summary } = valid(named)
    expect(summary).toContain('whose `aws:userid` is `*:alice`')
    expect(summary).toContain(
      "⚠️ **Whoever can assume that role may choose the session's name**, unless the role's own trust policy sets it.",
    )
    expect(summary).not.toContain('Nobody else.')
  })

  it.each([
    ['an IAM role with a condition', roleWithPerson, 'whose `aws:PrincipalTag/login` is `alice`'],
    ['Identity Center', identityCenter, 'The Identity Center user `alice@example.com`'],
  ])('says who gets in through %s, and that nobody else does', (_, principal, words) => {
    const { summary } = valid({ ...asked, terms: { ...asked.terms, principal } })
    expect(summary).toContain(words)
    expect(summary).toContain('Nobody else.')
    expect(summary).not.toContain('⚠️')
  })

  it('tells names from contents, one object from a folder, and says when the whole bucket is meant', () => {
    const of = (change: Partial<Asked['request']>) =>
      valid({ ...asked, request: { ...request, ...change } }).summary
    expect(of({ access: 'list' })).toContain('**alice** asks to list the names in `exports/2026/11/`')
    expect(of({ access: 'list' })).toContain('download nothing')
    expect(of({ prefixes: ['a/', 'b.csv'] })).toContain('- everything below `a/`\n- the one object `b.csv`')
    expect(of({ prefixes: [] })).toContain('**alice** asks to read the whole bucket **customer-exports**')
  })

  it('says of objects alone that they can be downloaded, and asks whether one was meant for a folder', () => {
    const of = (...prefixes: string[]) => valid({ ...asked, request: { ...request, prefixes } }).summary
    const remark = '`exports/2026/11` is the key of one object. If it is a folder, end it in `/`.'
    expect(of('exports/2026/11')).toContain(
      `can download:\n\n- the one object \`exports/2026/11\`\n\n${remark}`,
    )
    expect(of('exports/2026/11', 'a/')).toContain('can list and download:')
    expect(of('exports/2026/11', 'a/')).toContain(remark)
    expect(of('a', 'b.d/c')).toContain(
      '`a`, `b.d/c` are keys of one object each. If one is a folder, end it in `/`.',
    )
    expect(of('b.csv', 'a/', 'x/.y')).not.toContain('folder')
  })

  it('names the key that S3 may decrypt with', () => {
    const kmsKey = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-1111-2222-3333-444444444444'
    expect(valid({ ...asked, terms: { ...asked.terms, kmsKey } }).summary).toContain(
      `with the key \`${kmsKey}\``,
    )
  })

  it('fails where nobody can approve it', () => {
    const report = valid(asked, { ...untouched, mayApprove: [], mayMerge: [] })
    expect(report.conclusion).toBe('failure')
    expect(report.title).toBe('Nobody can approve this request')
    expect(valid(asked, { ...untouched, needed: 3, missing: 3 })).toMatchObject({
      conclusion: 'failure',
      title: 'This request needs 3 approvals, and only 2 can be given',
    })
  })

  it('can not be dressed up by what the requester writes', () => {
    const reason =
      'ok\n\n## ✅ Approved by @olivia\n</details><h1>x</h1> [details](https://evil.example) \u202egnp'
    const { summary } = valid({ ...asked, request: { ...request, reason, prefixes: ['a`**b**/'] } })
    expectGolden('request-valid-hostile', withoutPolicies(summary))
  })

  it('stays within what GitHub takes, whatever the length of its parts', () => {
    const prefixes = Array.from({ length: 200 }, (_, index) => `${'x'.repeat(300)}/${index}/`)
    const long = { ...asked, request: { ...request, prefixes } }
    const { summary } = requestReport({
      kind: 'valid',
      asked: long,
      grant: grantFor(),
      standing: untouched,
    })
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_535)
    expect(summary).toMatch(/does not fit in here\.\*$/)
    expect(summary.match(/<details>/g)?.length ?? 0).toBe(summary.match(/<\/details>/g)?.length ?? 0)
  })
})

function reportOf([first, ...more]: readonly Problem[]) {
  if (first === undefined) throw new Error('no problem')
  return requestReport({ kind: 'problems', problems: [first, ...more] })
}

describe('the check of a request with problems', () => {
  it('lists them all, each on its line with its mending', () => {
    const report = requestReport({ kind: 'problems', problems })
    expect(report.conclusion).toBe('failure')
    expect(report.title).toBe('3 problems in the request')
    expectGolden('request-problems', pageOf(report))
  })

  it('says where they are when rules or owners are among them', () => {
    const [first] = problems
    const titled = (...files: string[]) => reportOf(files.map((file) => ({ ...first, file }))).title
    expect(titled('.github/daypass.yml')).toBe('1 problem in the rules')
    expect(titled('docs/CODEOWNERS', 'docs/CODEOWNERS')).toBe('2 problems in CODEOWNERS')
    expect(titled(location.path, '.github/daypass.yml')).toBe('2 problems in 2 files')
  })

  it('stays readable with hundreds of them', () => {
    const many = Array.from({ length: 300 }, (_, line) =>
      problems.map((problem) => ({ ...problem, line: line + 1 })),
    ).flat()
    const report = reportOf(many)
    expect(report.title).toBe('900 problems in the request')
    expect(report.annotations).toHaveLength(50)
    expect(report.summary).toMatch(/And 850 problems more\.$/)
  })

  it('says that there are more where not all are told', () => {
    const [first] = problems
    const report = reportOf([first, { ...first, code: 'more-problems' }])
    expect(report.title).toBe('1 problem and more in the request')
    expect(report.annotations).toHaveLength(2)
  })

  it('keeps what it quotes from acting or hiding', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [first] = problems
        const report = requestReport({ kind: 'problems', problems: [{ ...first, message: text, fix: text }] })
        expect(report.summary.split('\n')).toHaveLength(5)
        expect(report.annotations[0]?.message).not.toMatch(/[\n\u202e]/)
      }),
    )
  })
})

describe('the check of everything else', () => {
  it.each<[string, RequestFinding, string]>([
    ['request-none', { kind: 'nothing-to-check' }, 'neutral'],
    ['request-rules-fine', { kind: 'rules-fine', files: ['.github/daypass.yml'] }, 'success'],
    [
      'request-rules-fine-public',
      { kind: 'rules-fine', files: ['.github/daypass.yml'], isPublic: true },
      'success',
    ],
    ['request-ends-access', { kind: 'ends-access', files: [location.path] }, 'success'],
    ['request-group-fine', { kind: 'group-fine', files: [location.path] }, 'success'],
    ['request-rules-broken', { kind: 'rules-broken', problems: [problems[0]] }, 'failure'],
    ['request-paused', { kind: 'paused' }, 'failure'],
    [
      'request-unknown',
      {
        kind: 'unknown',
        code: 'team-unreadable',
        message: 'GitHub did not say who is in `acme/data-owners`.',
      },
      'failure',
    ],
  ])('%s', (name, finding, conclusion) => {
    const report = requestReport(finding)
    expect(report.conclusion).toBe(conclusion)
    expectGolden(name, pageOf(report))
  })

  it('says on the commit that broke the rules that access which stands is not touched', () => {
    expectGolden(
      'rules-broken',
      pageOf(brokenRulesReport(problems.map((problem) => ({ ...problem, file: '.github/daypass.yml' })))),
    )
  })
})
