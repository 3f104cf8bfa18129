/** What has to hold before a request is granted: an ordered list of small checks, each with a code, a sentence and a fix. */
import { type ApprovalCount, countApprovals, sameFile, type UncountedApproval } from './approvals.ts'
import {
  countingOwners,
  findUnattributable,
  isPerson,
  sameLogin,
  silentOwners,
  touchingCommits,
} from './approvers.ts'
import type { Evidence, FileAt, MergedPull, Permission, Person } from './evidence.ts'
import { standingOf } from './fallback.ts'
import type { Objection } from './verdict.ts'

export interface Check {
  /** Stable, kebab-case; what the verdict carries. */
  readonly code: string
  /** `unknown` only where asking GitHub again could help; everything else is final. */
  readonly outcome: Objection['outcome']
  /** `merged`: can't be asked of a pull request that is still open. */
  readonly stage: 'any' | 'merged'
  /** What has to hold. */
  readonly sentence: string
  /** What to do where it does not. */
  readonly fix: string
  /** What is wrong, in one sentence; undefined where nothing is. Relies on the checks before it. */
  readonly fault: (evidence: Evidence) => string | undefined
}

const READERS: ReadonlySet<Permission> = new Set(['read', 'triage', 'write', 'maintain', 'admin'])
const AGAIN = 'Open a new pull request that adds the file.'

/** In the order in which they are asked: the first that fails is the verdict. */
export const CHECKS: readonly Check[] = [
  {
    code: 'trust-root-broken',
    outcome: 'unknown',
    stage: 'any',
    sentence:
      "Every change of CODEOWNERS and rules since the operator's trusted commit was approved by an owner.",
    fix: 'Have an owner look at that change, and the operator move the trusted commit past it.',
    fault: ({ trustRoot }) => (trustRoot.holds ? undefined : trustRoot.message),
  },
  {
    code: 'no-pull-request',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The file came by a pull request.',
    fix: AGAIN,
    fault: ({ pull }) =>
      pull === undefined ? 'The file was pushed to the branch without a pull request.' : undefined,
  },
  {
    code: 'not-merged',
    outcome: 'rejected',
    stage: 'merged',
    sentence: 'The pull request is merged.',
    fix: AGAIN,
    fault: ofPull(({ merged }) =>
      merged ? undefined : 'The file is on the branch, but its pull request was not merged.',
    ),
  },
  {
    code: 'merge-incomplete',
    outcome: 'unknown',
    stage: 'merged',
    sentence: 'GitHub says when, and in which commit, it was merged.',
    fix: 'Nothing: GitHub is asked again.',
    fault: ofPull(({ mergedAt, mergeSha }) =>
      Number.isFinite(mergedAt) && mergeSha
        ? undefined
        : 'GitHub does not say yet when and in which commit it was merged.',
    ),
  },
  {
    code: 'other-branch',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'It goes into the default branch of this repository.',
    fix: 'Open a pull request into the default branch.',
    fault: ofPull(({ baseRepositoryId, baseBranch }, { repositoryId, defaultBranch }) =>
      baseRepositoryId === repositoryId && baseBranch === defaultBranch
        ? undefined
        : `The pull request does not go into ${defaultBranch}, the default branch of this repository.`,
    ),
  },
  {
    code: 'merged-out-of-view',
    outcome: 'rejected',
    stage: 'merged',
    sentence:
      "It was merged after the operator's trusted commit, and the branch still follows from there by first parents: who owned the path then is beyond doubt.",
    fix: AGAIN,
    fault: ({ mergedInView }) =>
      mergedInView
        ? undefined
        : "It was merged before the operator's trusted commit, or into a line of commits that the branch left since, so nobody vouches for the CODEOWNERS of that time.",
  },
  {
    code: 'pull-request-cut-off',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'GitHub lists all commits and all files of the pull request.',
    fix: 'Open a new pull request that has fewer commits, and changes nothing but the request.',
    fault: ofPull(({ cutOff }) =>
      cutOff === undefined ? undefined : `The pull request can not be judged whole: ${cutOff}.`,
    ),
  },
  {
    code: 'other-changes',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The pull request changes one file only: the request.',
    fix: 'Leave one request in the pull request and nothing else.',
    fault: ofPull(({ files }) =>
      files.length === 1
        ? undefined
        : `The pull request changes ${files.length} files; it has to be the request alone.`,
    ),
  },
  {
    code: 'not-added',
    outcome: 'rejected',
    stage: 'any',
    sentence:
      'The pull request adds the file, or changes the one it extends: it does not rename, copy or replace one.',
    fix: 'Add the request as a new file.',
    fault: ofPull(({ files }, { path, extended }) => {
      const wanted = extended === undefined ? 'added' : 'modified'
      return files.every(
        (file) => file.path === path && file.status === wanted && file.previousPath === undefined,
      )
        ? undefined
        : 'The pull request does not add this file: it alters, renames or copies one.'
    }),
  },
  {
    code: 'not-a-regular-file',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The file is a regular one (mode 100644): no symbolic link, no submodule, not executable.',
    fix: 'Add the request as a plain file.',
    fault: ({ atMerge }) => {
      if (atMerge === 'missing') return 'The pull request does not hold the file.'
      return isRegular(atMerge)
        ? undefined
        : 'The request is a symbolic link, a submodule or an executable file.'
    },
  },
  {
    code: 'existed-before',
    outcome: 'rejected',
    stage: 'any',
    sentence:
      'The file was not on the branch before, or, where it is extended, stood there as it was merged.',
    fix: 'Give the request another name.',
    fault: ({ beforeMerge, extended }) => {
      if (extended === undefined)
        return beforeMerge === 'missing' ? undefined : 'The branch had this file before the pull request.'
      return beforeMerge !== 'missing' && sameFile(beforeMerge, extended)
        ? undefined
        : 'The file that it extends was not any more what had been merged.'
    },
  },
  {
    code: 'changed-since',
    outcome: 'rejected',
    stage: 'merged',
    sentence: 'The file on the branch has the bytes and the mode that were merged.',
    fix: AGAIN,
    fault: ({ onBranch, atMerge }) =>
      onBranch !== 'missing' && sameFile(onBranch, atMerge)
        ? undefined
        : 'The file is not any more what was merged.',
  },
  {
    code: 'taken-out-since',
    outcome: 'rejected',
    stage: 'merged',
    sentence: 'The branch has held these bytes ever since the merge: what was taken out does not come back.',
    fix: AGAIN,
    fault: ({ takenOutSince }) =>
      takenOutSince ? 'The file was taken out of the branch after the merge, and put back.' : undefined,
  },
  {
    code: 'author-unknown',
    outcome: 'rejected',
    stage: 'any',
    sentence: "GitHub knows the pull request's author.",
    fix: 'Open the pull request from an account that still exists.',
    fault: ofPull(({ author }) => (author ? undefined : "GitHub no longer knows the pull request's author.")),
  },
  {
    code: 'author-not-a-person',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The author is a person.',
    fix: 'Open the pull request yourself.',
    fault: ofPull(({ author }) =>
      author && isPerson(author) ? undefined : 'The pull request was opened by a bot.',
    ),
  },
  {
    code: 'requester-not-author',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The requester named in the file is the author.',
    fix: "Name the pull request's author as `requester`; everybody asks for themselves.",
    fault: ofPull(({ author }, { requester }) =>
      author && sameLogin(requester, author.login)
        ? undefined
        : `The requester named in the file is not ${author?.login}, who opened the pull request.`,
    ),
  },
  {
    code: 'author-without-access',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'The author may still read the repository.',
    fix: 'Ask an administrator of the repository for access to it.',
    fault: ({ authorPermission }) =>
      READERS.has(authorPermission) ? undefined : 'The author has no access to the repository any more.',
  },
  {
    code: 'commits-incomplete',
    outcome: 'unknown',
    stage: 'any',
    sentence: 'GitHub lists the commit that brought the file.',
    fix: 'Nothing: GitHub is asked again.',
    fault: ofPull((pull) =>
      touchingCommits(pull).length > 0
        ? undefined
        : 'GitHub lists no commit of the pull request that touches the file.',
    ),
  },
  {
    code: 'commit-unattributable',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'Author, committer and co-authors of each commit that touches the file are GitHub accounts.',
    fix: 'Add the e-mail address of the commit to the GitHub account of who made it, or commit with one that is there.',
    fault: ofPull(unattributableFault),
  },
  {
    code: 'no-owner',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'CODEOWNERS gives the path at least one owner with write access.',
    fix: 'Ask who looks after CODEOWNERS to name an owner of this path, with write access.',
    fault: ({ owners }) => {
      if (countingOwners(owners).size > 0) return undefined
      if (owners.owners.length === 0)
        return 'Nobody owns this path: no line of CODEOWNERS names an owner of it.'
      const silent = silentOwners(owners).map(({ text, why }) => `${text}: ${why}`)
      return `No owner of this path can approve (${silent.join('; ')}).`
    },
  },
  {
    code: 'changes-requested',
    outcome: 'rejected',
    stage: 'any',
    sentence: 'No owner asks for changes.',
    fix: 'Settle it with that owner, who then approves or has the review dismissed.',
    fault: ofPull((pull, evidence) => {
      const { changeRequests } = countFor(pull, evidence)
      return changeRequests.length === 0
        ? undefined
        : `${logins(changeRequests).join(', ')} asked for changes.`
    }),
  },
  {
    code: 'fallback-untold',
    outcome: 'unknown',
    stage: 'any',
    sentence:
      'GitHub says since when the owners could answer, where the request hangs on somebody who stands in for them.',
    fix: 'Nothing, where GitHub is only late: it is asked again. Of a fork it never says so: ask anew from a branch of this repository.',
    fault: ofPull(untoldFault),
  },
  {
    code: 'approvals-missing',
    outcome: 'rejected',
    stage: 'any',
    sentence:
      'As many uninvolved owners as the rules ask for approved exactly these bytes, before the merge.',
    fix: 'Have an owner who is not involved approve the newest commit before the merge.',
    fault: ofPull(approvalsFault),
  },
  {
    code: 'merger-unknown',
    outcome: 'rejected',
    stage: 'merged',
    sentence: 'GitHub knows who merged.',
    fix: AGAIN,
    fault: ofPull(({ mergedBy }) =>
      mergedBy ? undefined : 'GitHub does not know who merged the pull request.',
    ),
  },
  {
    code: 'merger-not-an-owner',
    outcome: 'rejected',
    stage: 'merged',
    sentence: 'An owner of the path merged it, unless the rules let anyone merge.',
    fix: 'Open a new pull request and have an owner of this path merge it.',
    fault: ofPull((pull, evidence) =>
      evidence.mergeBy === 'anyone' ? undefined : mergerFault(pull, evidence),
    ),
  },
]

export function countFor(
  pull: MergedPull,
  { owners, fallback, atMerge, requester }: Pick<Evidence, 'owners' | 'fallback' | 'atMerge' | 'requester'>,
): ApprovalCount {
  return countApprovals({ pull, owners, fallback, file: atMerge, requester })
}

/** A request is never granted without an approval, whatever the rules say. */
export function approvalsNeeded({ approvalsNeeded }: Pick<Evidence, 'approvalsNeeded'>): number {
  return Math.max(1, approvalsNeeded)
}

export function logins(people: readonly Person[]): string[] {
  return people.map(({ login }) => login).sort()
}

/** For the checks after the one that wants a pull request. */
function ofPull(fault: (pull: MergedPull, evidence: Evidence) => string | undefined): Check['fault'] {
  return (evidence) => (evidence.pull === undefined ? undefined : fault(evidence.pull, evidence))
}

function isRegular({ blob, mode }: FileAt): boolean {
  return blob !== '' && mode === '100644'
}

function unattributableFault(pull: MergedPull): string | undefined {
  const commit = findUnattributable(pull)
  if (commit === undefined) return undefined
  // A commit can carry any text as an address: only what looks like one is repeated.
  const emails = (commit.unknownEmails ?? []).filter((email) => /^[\w.+-]{1,64}@[\w.-]{1,190}$/.test(email))
  const whose = emails.length === 0 ? 'its e-mail address' : emails.join(', ')
  return `Commit ${commit.sha.slice(0, 7)} can't be tied to GitHub accounts: no account has ${whose}.`
}

/** Nothing hangs on it where enough others approved and an owner merged, or where too few approved all the same. */
function untoldFault(pull: MergedPull, evidence: Evidence): string | undefined {
  const { counted, uncounted } = countFor(pull, evidence)
  const waiting = uncounted.filter(({ code }) => code === 'fallback-untold').map(({ person }) => person)
  const missing = approvalsNeeded(evidence) - counted.length
  if (missing > waiting.length) return undefined
  const isMerger = evidence.mergeBy === 'owners' && mergerStands(pull, evidence) === 'untold'
  const people = [...(missing > 0 ? waiting : []), ...(isMerger ? [pull.mergedBy] : [])]
  if (people.length === 0) return undefined
  const names = new Set(people.map((person) => person?.login ?? ''))
  return `GitHub does not say since when the owners could answer, so nobody knows whether ${[...names].join(', ')} may stand in for them. Of a fork it never says so: ask anew from a branch of this repository then.`
}

function mergerFault(pull: MergedPull, evidence: Evidence): string | undefined {
  const standing = mergerStands(pull, evidence)
  return standing === 'owner' ? undefined : `${pull.mergedBy?.login}, who merged it, ${NO_MERGER[standing]}.`
}

function mergerStands({ mergedBy, mergedAt }: MergedPull, evidence: Evidence) {
  if (mergedBy === null) return 'nobody'
  // Without a time it is as if it were the first moment.
  return standingOf(mergedBy, mergedAt ?? Number.NEGATIVE_INFINITY, evidence)
}

const NO_MERGER = {
  nobody: 'is not an owner of this path',
  untold: 'is not an owner of this path',
  'too-early': 'stands in for the owners of this path, who had not had the time yet that the rules give them',
} as const

function approvalsFault(pull: MergedPull, evidence: Evidence): string | undefined {
  const { counted, uncounted } = countFor(pull, evidence)
  if (counted.length >= approvalsNeeded(evidence)) return undefined
  const tally = `It has ${counted.length} of ${approvalsNeeded(evidence)} approvals that count.`
  return [tally, ...uncounted.map(describeUncounted)].join(' ')
}

function describeUncounted({ person, why }: UncountedApproval): string {
  return `The approval of ${person?.login ?? 'a deleted account'} does not count: ${why}.`
}
