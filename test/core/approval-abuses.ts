/** What an attacker could do to each field of the evidence, by the check that has to catch it. */
import type { Evidence, FileAt, Permission } from '../../src/core/evidence.ts'
import {
  alice,
  bob,
  commit,
  evidence,
  FILE,
  MERGED_AT,
  mallory,
  OTHER,
  olivia,
  oscar,
  PATH,
  pull,
  review,
  robot,
  team,
  user,
  webFlow,
  withCommits,
  withPull,
  withReviews,
} from './approval-evidence.ts'

export type Abuses = Readonly<Record<string, Evidence>>

/** The same file wherever it is looked at. */
const withFile = (file: FileAt | 'missing'): Evidence =>
  evidence({ onBranch: file, atMerge: file, pull: pull({ reviews: [review({ file })] }) })

const PATIENCE_UNKNOWN = { owners: [user(mallory), user(bob)], after: 1, counts: true, askedAt: 1 }

/** A pull request that changes a request, whose file was merged as `extended` and stood on the branch as `beforeMerge`. */
export const extending = (extended: FileAt | 'missing', beforeMerge: FileAt | 'missing' = extended) =>
  withPull({ files: [{ path: PATH, status: 'modified' }] }, { extended, beforeMerge })

/** By the check that has to catch it. */
export const ABUSES: Readonly<Record<string, Abuses>> = {
  'trust-root-broken': {
    'CODEOWNERS pushed by hand': evidence({
      trustRoot: { holds: false, code: 'any', message: 'Somebody did it.' },
    }),
  },
  'no-pull-request': {
    'a file pushed straight to the branch': evidence({ pull: undefined }),
  },
  'not-merged': {
    'a commit of an open pull request pushed to the branch': withPull({ merged: false }),
    'a pull request that was closed, with the time of a merge made up': withPull({
      merged: false,
      mergedAt: 1,
    }),
  },
  'merge-incomplete': {
    'a merge without a time': withPull({ mergedAt: undefined }),
    'a merge whose time can not be read': withPull({ mergedAt: Number.NaN }),
    'a merge without a commit': withPull({ mergeSha: undefined }),
  },
  'other-branch': {
    'a merge into a branch of the attacker': withPull({ baseBranch: 'main2' }),
    'a merge into a branch that differs by case': withPull({ baseBranch: 'Main' }),
    'a merge into the same branch of a fork': withPull({ baseRepositoryId: 98 }),
  },
  'pull-request-cut-off': {
    'so many commits that GitHub leaves out the one that matters': withPull({
      cutOff: 'it has 251 commits, and GitHub lists 250 at most',
    }),
  },
  'other-changes': {
    'a second request in the pull request': withPull({
      files: [
        { path: PATH, status: 'added' },
        { path: PATH.replace('alice', 'bob'), status: 'added' },
      ],
    }),
    'CODEOWNERS changed in the same pull request': withPull({
      files: [
        { path: PATH, status: 'added' },
        { path: '.github/CODEOWNERS', status: 'modified' },
      ],
    }),
    'the same path twice': withPull({
      files: [
        { path: PATH, status: 'added' },
        { path: PATH, status: 'added' },
      ],
    }),
    'no file at all': withPull({ files: [] }),
  },
  'not-added': {
    'a renamed file': withPull({ files: [{ path: PATH, status: 'renamed', previousPath: 'notes.yaml' }] }),
    'a copied file': withPull({ files: [{ path: PATH, status: 'copied', previousPath: 'notes.yaml' }] }),
    'a file told as added that has an earlier path': withPull({
      files: [{ path: PATH, status: 'added', previousPath: 'notes.yaml' }],
    }),
    'an altered file': withPull({ files: [{ path: PATH, status: 'modified' }] }),
    'a mode that was changed': withPull({ files: [{ path: PATH, status: 'changed' }] }),
    'a file that was not changed': withPull({ files: [{ path: PATH, status: 'unchanged' }] }),
    'a removed file': withPull({ files: [{ path: PATH, status: 'removed' }] }),
    'another path, with the same bytes': withPull({
      files: [{ path: PATH.replace('customer-exports', 'billing-archive'), status: 'added' }],
    }),
    'a path that differs by case': withPull({ files: [{ path: PATH.toUpperCase(), status: 'added' }] }),
    'an extension that is told as a new file': evidence({ extended: OTHER, beforeMerge: OTHER }),
  },
  'not-a-regular-file': {
    'a symbolic link that an owner approved': withFile({ ...FILE, mode: '120000' }),
    'an executable file that an owner approved': withFile({ ...FILE, mode: '100755' }),
    'a removal that an owner approved': withFile('missing'),
    'a symbolic link': evidence({
      atMerge: { ...FILE, mode: '120000' },
      onBranch: { ...FILE, mode: '120000' },
    }),
    'a submodule': evidence({ atMerge: { ...FILE, mode: '160000' }, onBranch: { ...FILE, mode: '160000' } }),
    'an executable file': evidence({
      atMerge: { ...FILE, mode: '100755' },
      onBranch: { ...FILE, mode: '100755' },
    }),
    'a mode with more digits': evidence({ atMerge: { ...FILE, mode: '0100644' }, onBranch: FILE }),
    'a file whose blob is not told': evidence({
      atMerge: { ...FILE, blob: '' },
      onBranch: { ...FILE, blob: '' },
    }),
    'a file that is not in the merge': evidence({ atMerge: 'missing', onBranch: 'missing' }),
  },
  'existed-before': {
    'a file that was on the branch already, with the same bytes': evidence({ beforeMerge: FILE }),
    'a file that was on the branch with other bytes': evidence({ beforeMerge: OTHER }),
    'an extension of a file that was altered on the branch': extending(OTHER, FILE),
    'an extension of a file that was taken off the branch': extending(OTHER, 'missing'),
    'an extension of a file that was never merged': extending('missing'),
  },
  'changed-since': {
    'bytes altered by a push after the merge': evidence({ onBranch: OTHER }),
    'a mode altered by a push after the merge': evidence({ onBranch: { ...FILE, mode: '100755' } }),
    'a file taken off the branch': evidence({ onBranch: 'missing' }),
    'a merge that holds other bytes than the branch': evidence({ atMerge: OTHER }),
  },
  'merged-out-of-view': {
    'a merge under a CODEOWNERS that the branch does not follow from any more': evidence({
      mergedInView: false,
    }),
  },
  'taken-out-since': {
    'a file that an owner took out, put back by a push': evidence({ takenOutSince: true }),
  },
  'author-unknown': {
    'an author whose account was deleted': withPull({ author: null }),
  },
  'author-not-a-person': {
    'a pull request opened by a bot': withPull({ author: robot }, { requester: robot.login }),
    'a bot that bears the login of a person': withPull({ author: { ...alice, kind: 'bot' } }),
    'a pull request of GitHub itself': withPull({ author: webFlow }, { requester: 'web-flow' }),
  },
  'requester-not-author': {
    'a request for somebody else': evidence({ requester: 'bob' }),
    'a request without a requester': evidence({ requester: '' }),
    'a requester with a blank after the login': evidence({ requester: 'alice ' }),
    'a requester whose login only looks like it': withPull(
      { author: { ...mallory, login: 'kalice' } },
      { requester: '\u212Aalice' },
    ),
    'a requester whose login only looks like it at its end': withPull(
      { author: { ...mallory, login: 'mark' } },
      { requester: 'mar\u212A' },
    ),
  },
  'author-without-access': {
    'an author who has left': evidence({ authorPermission: 'none' }),
    'a permission that is not known': evidence({ authorPermission: 'owner-of-all' as Permission }),
  },
  'commits-incomplete': {
    'no commits': withCommits(),
    'no commit that touches the file': withCommits(commit({ touchesFile: false })),
  },
  'commit-unattributable': {
    'a commit whose author GitHub can not tell': withCommits(commit({ author: null })),
    'a commit of addresses that no account has': withCommits(
      commit({ author: null, coAuthors: [null], unknownEmails: ['a@laptop.local', 'b@laptop.local'] }),
    ),
    'a commit whose committer GitHub can not tell': withCommits(commit({ committer: null })),
    'a co-author GitHub can not tell': withCommits(commit({ coAuthors: [bob, null] })),
    'a second commit by a name nobody knows': withCommits(commit(), commit({ author: null })),
    'an author who poses as GitHub': withCommits(commit({ author: webFlow })),
    'a co-author who poses as GitHub': withCommits(commit({ coAuthors: [webFlow] })),
  },
  'no-owner': {
    'a path that no line names': evidence({ owners: { owners: [] } }),
    'a path on a line without owners': evidence({ owners: { file: 'CODEOWNERS', line: 3, owners: [] } }),
    'an owner who can only read': evidence({ owners: { owners: [user(olivia, 'read')] } }),
    'an owner who does not exist': evidence({
      owners: { owners: [{ kind: 'user', text: '@olivia', person: null, permission: 'write' }] },
    }),
    'an owner that is a bot': evidence({ owners: { owners: [user(robot)] } }),
    'a team without write access': evidence({ owners: { owners: [{ ...team, canWrite: false }] } }),
    'a team of bots': evidence({ owners: { owners: [{ ...team, members: [robot, webFlow] }] } }),
    'an e-mail address': evidence({ owners: { owners: [{ kind: 'email', text: 'olivia@example.com' }] } }),
    'a team that GitHub does not show': evidence({
      owners: { owners: [{ kind: 'unresolved', text: '@acme/hidden', why: 'not visible' }] },
    }),
  },
  'changes-requested': {
    'an owner who asks for changes beside one who approved': withReviews(
      review(),
      review({ id: 11, person: oscar, state: 'changes-requested' }),
    ),
    'two owners who ask for changes': withReviews(
      review({ id: 11, person: oscar, state: 'changes-requested' }),
      review({ id: 12, state: 'changes-requested' }),
    ),
    'an owner who approved twice and asked for changes after the merge': withReviews(
      review({ submittedAt: MERGED_AT - 200 }),
      review({ id: 11 }),
      review({ id: 12, state: 'changes-requested', submittedAt: MERGED_AT + 1 }),
    ),
    'an owner who asked for changes after the merge, with an approval that has no time': withReviews(
      review(),
      review({ id: 11, state: 'changes-requested', submittedAt: MERGED_AT + 1 }),
      review({ id: 12, submittedAt: Number.NaN }),
    ),
    'an owner who approved and then asked for changes': withReviews(
      review(),
      review({ id: 11, state: 'changes-requested', submittedAt: MERGED_AT - 50 }),
    ),
    'an owner who asked for changes and approved only after the merge': withReviews(
      review({ person: oscar }),
      review({ id: 11, state: 'changes-requested' }),
      review({ id: 12, submittedAt: MERGED_AT + 1 }),
    ),
    'an owner who asked for changes after the merge': withReviews(
      review(),
      review({ id: 11, state: 'changes-requested', submittedAt: MERGED_AT + 1 }),
    ),
    'an owner whose change request has no time': withReviews(
      review({ id: 9, state: 'changes-requested', submittedAt: Number.NaN }),
      review(),
    ),
    'an owner whose approval without a time follows the change request': withReviews(
      review({ person: oscar }),
      review({ id: 11, state: 'changes-requested' }),
      review({ id: 12, submittedAt: Number.NaN }),
    ),
    'an owner whose later approval was dismissed': withReviews(
      review({ person: oscar }),
      review({ id: 11, state: 'changes-requested' }),
      review({ id: 12, state: 'dismissed', submittedAt: MERGED_AT - 50 }),
    ),
    'an owner who commented after asking for changes': withReviews(
      review(),
      review({ id: 11, person: oscar, state: 'changes-requested' }),
      review({ id: 12, person: oscar, state: 'commented', submittedAt: MERGED_AT - 50 }),
    ),
    'the author, being an owner, who asks for changes': withPull(
      {
        author: olivia,
        reviews: [review({ person: oscar }), review({ id: 11, state: 'changes-requested' })],
      },
      { requester: 'olivia' },
    ),
  },
  'fallback-untold': {
    'an approval by a stand-in, without knowing since when': {
      ...withReviews(review({ person: mallory })),
      fallback: PATIENCE_UNKNOWN,
    },
    'approvals by two stand-ins, without knowing since when': {
      ...withReviews(review({ person: mallory }), review({ id: 11, person: bob })),
      approvalsNeeded: 2,
      fallback: PATIENCE_UNKNOWN,
    },
  },
  'approvals-missing': {
    'nobody approved': withReviews(),
    'a comment only': withReviews(review({ state: 'commented' })),
    'an approval that was dismissed': withReviews(review({ state: 'dismissed' })),
    'an approval dismissed after an earlier one': withReviews(
      review({ id: 9, submittedAt: MERGED_AT - 200 }),
      review({ state: 'dismissed' }),
    ),
    'the author approved, being an owner': withPull(
      { author: olivia, commits: [commit({ author: olivia })] },
      { requester: 'olivia' },
    ),
    'the author approved, being an owner by another commit author': withPull(
      { author: olivia },
      { requester: 'olivia' },
    ),
    'an author of a commit approved': withCommits(commit(), commit({ author: olivia })),
    'a committer approved': withCommits(commit({ committer: olivia })),
    'a co-author approved': withCommits(commit({ coAuthors: [bob, olivia] })),
    'somebody who owns nothing approved': withReviews(review({ person: mallory })),
    'somebody with the login of an owner, but another account': withReviews(
      review({ person: { ...olivia, id: 77 } }),
    ),
    'a bot approved': withReviews(review({ person: robot })),
    'an owner whose account turned into a bot approved': withReviews(
      review({ person: { ...olivia, kind: 'bot' } }),
    ),
    'GitHub itself approved': evidence({
      pull: pull({ reviews: [review({ person: webFlow })] }),
      owners: { owners: [team, user(webFlow)] },
    }),
    'a deleted account approved': withReviews(review({ person: null })),
    'an owner who can only read approved': evidence({
      pull: pull(),
      owners: { owners: [user(olivia, 'read'), user(oscar)] },
    }),
    'a member of a team without write access approved': evidence({
      owners: { owners: [{ ...team, canWrite: false, members: [olivia] }, user(oscar)] },
    }),
    'an approval after the merge': withReviews(review({ submittedAt: MERGED_AT + 1 })),
    'an approval without a time': withReviews(review({ submittedAt: Number.NaN })),
    'an approval in no time': withReviews(review({ submittedAt: Number.NEGATIVE_INFINITY })),
    'an approval without a commit': withReviews(review({ commit: undefined })),
    'an approval whose file is not told': withReviews(review({ file: undefined })),
    'an approval of a commit without the file': withReviews(review({ file: 'missing' })),
    'an approval of other bytes': withReviews(review({ file: OTHER })),
    'an approval of the same bytes with another mode': withReviews(
      review({ file: { ...FILE, mode: '100755' } }),
    ),
    'an approval of these bytes, and a later one of others': withReviews(
      review({ id: 9, submittedAt: MERGED_AT - 200 }),
      review({ file: OTHER }),
    ),
    'an approval before the base was changed': withPull({ baseChangedAt: MERGED_AT - 50 }),
    'an approval at the very second the base was changed': withPull({ baseChangedAt: MERGED_AT - 100 }),
    'a base changed at a time that can not be read': withPull({ baseChangedAt: Number.NaN }),
    'one approval where the rules ask for two': evidence({ approvalsNeeded: 2 }),
    'two approvals of one person where the rules ask for two': evidence({
      approvalsNeeded: 2,
      pull: pull({ reviews: [review(), review({ id: 11, submittedAt: MERGED_AT - 50 })] }),
    }),
    'rules that ask for no approval': evidence({ approvalsNeeded: 0, pull: pull({ reviews: [] }) }),
    'rules that ask for less than none': evidence({ approvalsNeeded: -1, pull: pull({ reviews: [] }) }),
    'a number of approvals that is none': evidence({ approvalsNeeded: Number.NaN }),
    'a merge by an owner, which is no approval': withPull({ reviews: [], mergedBy: oscar }),
    'a requester under whose login another account approves': evidence({
      pull: pull({ reviews: [review({ person: { ...oscar, login: 'Alice' } })] }),
    }),
  },
  'merger-unknown': {
    'a merge by a deleted account': withPull({ mergedBy: null }),
    'a merge by a deleted account where anyone may merge': withPull(
      { mergedBy: null },
      { mergeBy: 'anyone' },
    ),
  },
  'merger-not-an-owner': {
    'a merge by the requester': withPull({ mergedBy: alice }),
    'a merge by an administrator who owns nothing': withPull({ mergedBy: mallory }),
    'a merge by a bot': withPull({ mergedBy: robot }),
    'a merge by an owner that is a bot': withPull(
      { mergedBy: robot },
      { owners: { owners: [team, user(robot)] } },
    ),
    'a merge by the account of an owner that bears another id': withPull({ mergedBy: { ...olivia, id: 77 } }),
    'a merge by an owner who can only read': withPull(
      { mergedBy: oscar },
      { owners: { owners: [user(olivia), user(oscar, 'read')] } },
    ),
  },
}
