import { describe, expect, it } from 'vitest'
import {
  GUARDED_PATHS,
  type GuardedFile,
  type GuardedPath,
  judgeTrust,
  TRUST_CHECKS,
  type TrustHistory,
  type TrustStep,
} from '../../src/core/trust.ts'
import {
  alice,
  commit,
  FILE,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  oscar,
  pull,
  review,
  robot,
  team,
} from './approval-evidence.ts'

const OWNERS = { file: '.github/CODEOWNERS', line: 1, owners: [team] }
const still: GuardedFile = { before: OTHER, after: { ...OTHER } }

const step = (
  before: string,
  after: string,
  files: Partial<TrustStep['files']> = {},
  forced = false,
): TrustStep => ({
  before,
  after,
  forced,
  files: {
    '.github/CODEOWNERS': still,
    CODEOWNERS: { before: 'missing', after: 'missing' },
    'docs/CODEOWNERS': { before: 'missing', after: 'missing' },
    '.github/daypass.yml': still,
    ...files,
  },
})

const walked = (...steps: TrustStep[]): TrustHistory => ({
  kind: 'walked',
  repositoryId: 99,
  defaultBranch: 'main',
  trusted: 't0',
  head: steps.findLast(({ forced }) => !forced)?.after ?? 't0',
  steps,
})

type Pull = Parameters<typeof pull>[0]

/** A pull request that changes one guarded file, and that olivia approved. */
const explained = (path: GuardedPath, changes: Pull = {}, after: GuardedFile['after'] = FILE) => ({
  owners: OWNERS,
  pull: pull({
    mergeSha: 't1',
    files: [{ path, status: 'modified' }],
    reviews: [review({ file: after === 'missing' ? after : { ...after } })],
    ...changes,
  }),
})

/** CODEOWNERS changed in one step, by such a pull request. */
const changed = (changes: Pull = {}): TrustHistory =>
  walked(
    step('t0', 't1', {
      '.github/CODEOWNERS': {
        before: OTHER,
        after: FILE,
        explanation: explained('.github/CODEOWNERS', changes),
      },
    }),
  )

describe('a trust root that holds', () => {
  it('holds at the trusted commit itself', () => {
    expect(judgeTrust(walked())).toEqual({ holds: true })
  })

  it('holds where no guarded file was changed', () => {
    expect(judgeTrust(walked(step('t0', 't1'), step('t1', 't2')))).toEqual({ holds: true })
  })

  for (const path of GUARDED_PATHS)
    it(`holds where an owner approved the change of ${path}`, () => {
      const file = { before: 'missing', after: FILE, explanation: explained(path) } as const
      expect(judgeTrust(walked(step('t0', 't1', { [path]: file })))).toEqual({ holds: true })
    })

  it('holds where an owner approved that a guarded file goes', () => {
    const explanation = explained('.github/CODEOWNERS', {}, 'missing')
    const file = { before: OTHER, after: 'missing', explanation } as const
    expect(judgeTrust(walked(step('t0', 't1', { '.github/CODEOWNERS': file })))).toEqual({ holds: true })
  })

  it('holds where an owner moves CODEOWNERS to another place, and another owner approves it', () => {
    const files = [{ path: 'CODEOWNERS', status: 'renamed', previousPath: '.github/CODEOWNERS' }] as const
    const gone = explained('.github/CODEOWNERS', { files }, 'missing')
    const there = explained('CODEOWNERS', { files })
    const moved = step('t0', 't1', {
      '.github/CODEOWNERS': { before: OTHER, after: 'missing', explanation: gone },
      CODEOWNERS: { before: 'missing', after: FILE, explanation: there },
    })
    expect(judgeTrust(walked(moved))).toEqual({ holds: true })
  })

  it('holds where one owner writes and another approves, whoever merges', () => {
    const byOwner = { author: oscar, commits: [commit({ author: oscar })], mergedBy: mallory }
    expect(judgeTrust(changed(byOwner))).toEqual({ holds: true })
  })

  it('holds over a force push that left the guarded files as they are', () => {
    expect(judgeTrust(walked(step('t0', 't1'), step('x', 't1', {}, true)))).toEqual({ holds: true })
  })
})

describe('a trust root that does not hold', () => {
  const ABUSES: Readonly<Record<string, Readonly<Record<string, TrustHistory>>>> = {
    'trusted-commit-not-in-history': {
      'a trusted commit that was pushed off the branch': {
        kind: 'trusted-commit-not-in-history',
        trusted: 't0',
        head: 't9',
      },
    },
    'trust-history-incomplete': {
      'steps that begin elsewhere': walked(step('t1', 't2')),
      'steps with a gap': walked(step('t0', 't1'), step('t2', 't3')),
      'steps that end before the head': { ...walked(step('t0', 't1')), head: 't2' } as TrustHistory,
      'no steps although the head is another commit': { ...walked(), head: 't1' } as TrustHistory,
      'steps between which a file changed': walked(
        step('t0', 't1'),
        step('t1', 't2', { CODEOWNERS: { before: FILE, after: FILE } }),
      ),
      'a forced step that closes a gap': walked(
        step('t0', 't1'),
        step('t1', 't2', {}, true),
        step('t2', 't3'),
      ),
    },
    'guarded-file-rewound': {
      'a force push back to owners of yesterday': walked(
        step('t0', 't1'),
        step('x', 't1', { '.github/CODEOWNERS': { before: FILE, after: OTHER } }, true),
      ),
      'a force push that a pull request seems to explain': walked(
        step('t0', 't1'),
        step(
          'x',
          't1',
          {
            '.github/CODEOWNERS': {
              before: OTHER,
              after: FILE,
              explanation: explained('.github/CODEOWNERS'),
            },
          },
          true,
        ),
      ),
    },
    'guarded-file-cut-off': {
      'a pull request with more commits than GitHub lists': changed({
        cutOff: 'it has 251 commits, and GitHub lists 250 at most',
      }),
    },
    'guarded-file-pushed': {
      'a direct push to the CODEOWNERS in force': walked(
        step('t0', 't1', { '.github/CODEOWNERS': { before: OTHER, after: FILE } }),
      ),
      'a direct push to a place that is not in force yet': walked(
        step('t0', 't1', { 'docs/CODEOWNERS': { before: 'missing', after: FILE } }),
      ),
      'a direct push of CODEOWNERS that is undone by the next': walked(
        step('t0', 't1', { '.github/CODEOWNERS': { before: OTHER, after: FILE } }),
        step('t1', 't2', { '.github/CODEOWNERS': { before: FILE, after: OTHER } }),
      ),
      'a direct push of the rules': walked(
        step('t0', 't1', { '.github/daypass.yml': { before: OTHER, after: FILE } }),
      ),
      'a removal by a push': walked(
        step('t0', 't1', { '.github/CODEOWNERS': { before: OTHER, after: 'missing' } }),
      ),
      'a mode changed by a push': walked(
        step('t0', 't1', { '.github/CODEOWNERS': { before: OTHER, after: { ...OTHER, mode: '120000' } } }),
      ),
      'a pull request that was not merged': changed({ merged: false }),
      'a merge without a time': changed({ mergedAt: undefined }),
      'a merge whose time can not be read': changed({ mergedAt: Number.NaN }),
      'a merge into another branch': changed({ baseBranch: 'dev' }),
      'a merge in another repository': changed({ baseRepositoryId: 98 }),
      'a pull request that was merged by another commit': changed({ mergeSha: 't7' }),
      'a merge whose commit is not told': changed({ mergeSha: undefined }),
      'a pull request that does not show the change': changed({
        files: [{ path: 'README.md', status: 'modified' }],
      }),
    },
    'guarded-file-author-unknown': {
      'an author whose account was deleted': changed({ author: null }),
      'an author that is a bot, which the approver may steer': changed({ author: robot }),
      'a commit whose author GitHub can not tell': changed({ commits: [commit({ author: null })] }),
      'no commit that touches the file': changed({ commits: [commit({ touchesFile: false })] }),
    },
    'guarded-file-unowned': {
      'a file that nobody owned': walked(
        step('t0', 't1', {
          '.github/daypass.yml': {
            before: OTHER,
            after: FILE,
            explanation: { ...explained('.github/daypass.yml'), owners: { owners: [] } },
          },
        }),
      ),
    },
    'guarded-file-changes-requested': {
      'an owner who asked for changes': changed({
        reviews: [review(), review({ id: 11, person: oscar, state: 'changes-requested' })],
      }),
    },
    'guarded-file-unapproved': {
      'nobody approved': changed({ reviews: [] }),
      "the approval of a friend of the attacker's": changed({
        author: mallory,
        reviews: [review({ person: alice })],
      }),
      'the only owner to approve is the author': changed({ author: olivia }),
      'the only owner to approve wrote a commit of it': changed({
        commits: [commit({ coAuthors: [olivia] })],
      }),
      'an approval of other bytes': changed({ reviews: [review({ file: OTHER })] }),
      'an approval of a commit without the file': changed({ reviews: [review({ file: 'missing' })] }),
      'an approval of a commit of which nothing is told': changed({ reviews: [review({ file: undefined })] }),
      'an approval after the merge': changed({ reviews: [review({ submittedAt: MERGED_AT + 1 })] }),
      'an approval of a bot': changed({ reviews: [review({ person: robot })] }),
      'a removal where the file was approved': walked(
        step('t0', 't1', {
          '.github/CODEOWNERS': {
            before: OTHER,
            after: 'missing',
            explanation: explained('.github/CODEOWNERS'),
          },
        }),
      ),
      'two files of which one was approved': walked(
        step('t0', 't1', {
          '.github/CODEOWNERS': { before: OTHER, after: FILE, explanation: explained('.github/CODEOWNERS') },
          '.github/daypass.yml': {
            before: OTHER,
            after: FILE,
            explanation: explained('.github/daypass.yml', { reviews: [] }),
          },
        }),
      ),
    },
  }

  for (const { code } of TRUST_CHECKS) {
    for (const [name, history] of Object.entries(ABUSES[code] ?? {}))
      it(`is found after ${name}`, () => {
        expect(judgeTrust(history)).toMatchObject({ holds: false, code })
      })

    it(`has an abuse for ${code}`, () => {
      expect(Object.keys(ABUSES[code] ?? {})).not.toEqual([])
    })
  }

  it('names commit, file and what to do', () => {
    const history = walked(
      step('t0', 'abcdef0123', { '.github/CODEOWNERS': { before: OTHER, after: FILE } }),
      step('abcdef0123', 't2', {
        '.github/CODEOWNERS': { before: FILE, after: FILE },
      }),
    )
    expect(judgeTrust(history)).toMatchObject({
      message:
        '.github/CODEOWNERS was not changed by a merged pull request (commit abcdef0). Have an owner look at the file as it is now, and let the operator move the trusted commit to one that holds what the owner saw.',
    })
  })

  it('names the first change that does not hold', () => {
    const history = walked(
      step('t0', 't1', { CODEOWNERS: { before: 'missing', after: FILE } }),
      step('t1', 't2', { CODEOWNERS: { before: FILE, after: OTHER } }),
    )
    expect(judgeTrust(history)).toMatchObject({ message: expect.stringContaining('commit t1') })
  })
})
