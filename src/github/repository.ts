/** One repository on GitHub, as the flows see it: its reader and its writer. */
import type { RepositoryReader, RepositoryWriter } from '../ports.ts'
import { tellAlarm } from './alarm-issue.ts'
import { isBehindMerge } from './behind.ts'
import { changedFiles } from './changed-files.ts'
import {
  lastApprovalCheck,
  lastRequestCheck,
  reportBrokenRules,
  writeApprovalCheck,
  writeRequestCheck,
} from './checks.ts'
import { endCommands } from './commands.ts'
import { createTeller, remind } from './comments.ts'
import { branchHead, type Context, createContext, type Octokit, type Target } from './context.ts'
import { readOrigin, readPreviewEvidence, readProvenance } from './evidence.ts'
import { isNotFound } from './failures.ts'
import { readFallback } from './fallback.ts'
import { readOwners } from './owners.ts'
import { permissionOfPerson } from './people.ts'
import { lastStirred } from './pull-times.ts'
import { closedWaiting, closePull, mergeGroups, openPulls } from './pulls.ts'
import { recordOf, writeRecord } from './records.ts'
import { mergeRevert, openRevert, shownRevert, tidyReverts } from './revert.ts'
import { askedReviewers, askReviewers } from './reviewers.ts'
import { REQUEST_TEXT_LIMIT, readSnapshot } from './snapshot.ts'
import { leftBranch } from './taken-out.ts'
import { createTrustReader, readOpenChange } from './trust.ts'

export interface Repository {
  readonly reader: RepositoryReader
  readonly writer: RepositoryWriter
}

/** `octokit` is signed in as the installation; what is cached lives as long as the returned objects. */
export function openRepository(octokit: Octokit, target: Target): Repository {
  const context = createContext(octokit, target)
  const { git } = context
  const readTrust = createTrustReader(context)

  const reader: RepositoryReader = {
    branchHead: () => branchHead(context),
    expectMerges: (head, approved) => context.foresight.expect(context, head, approved),
    snapshot: (commit, texts) => readSnapshot(context, commit, texts),
    openPulls: () => openPulls(context),
    closedWaiting: () => closedWaiting(context),
    lastStirred: (pull) => lastStirred(context, pull),
    mergeGroups: () => mergeGroups(context),
    changedFiles: (headSha, pull) => changedFiles(context, headSha, pull),
    previewEvidence: (pull, path, terms, extended) =>
      readPreviewEvidence(context, readTrust, pull, path, terms, extended),
    previewChange: (pull, path) => readOpenChange(context, pull, path),
    askedReviewers: (pull) => askedReviewers(context, pull),
    provenance: (file, snapshot, terms) => readProvenance(context, readTrust, file, snapshot, terms),
    originOf: (path, commit) => readOrigin(context, commit, path),
    revertOf: (identity) => shownRevert(context, identity),
    recordOf: (identity) => recordOf(context, identity),
    blobText: (blob) => blobText(context, blob),
    isBehindMerge: (pull, head) => isBehindMerge(context, pull, head),
    leftBranch: (identity, head) => leftBranch(context, identity, head),
    fallback: (...of) => readFallback(context, ...of),
    isPublic: () => isPublic(context),
    permissionOf: (person) => permissionOfPerson(context, person),
    ownersOf: (path, commit) => readOwners(context, commit, path, commit),
    endCommands: (since) => endCommands(context, since),
    fileAt: (commit, path) => git.fileAt(commit, path),
    lastRequestCheck: (headSha) => lastRequestCheck(context, headSha),
    lastApprovalCheck: (headSha) => lastApprovalCheck(context, headSha),
  }
  const writer: RepositoryWriter = {
    writeRequestCheck: (...check) => writeRequestCheck(context, ...check),
    writeApprovalCheck: (...check) => writeApprovalCheck(context, ...check),
    askReviewers: (pull, reviewers) => askReviewers(context, pull, reviewers),
    writeRecord: (...record) => writeRecord(context, ...record),
    tell: createTeller(context),
    tellAlarm: (text) => tellAlarm(context, text),
    closePull: (pull) => closePull(context, pull),
    remind: (...reminder) => remind(context, ...reminder),
    openRevert: (revert) => openRevert(context, revert),
    mergeRevert: (state, revert) => mergeRevert(context, state, revert),
    tidyReverts: () => tidyReverts(context),
    reportBrokenRules: (commit, report) => reportBrokenRules(context, commit, report),
  }
  return { reader, writer }
}

/** One that is internal to an enterprise says that it is private. */
async function isPublic({ octokit, at, reads }: Context): Promise<boolean> {
  const { private: isPrivate } = await reads.one(
    `who may see ${at.owner}/${at.repo}`,
    octokit.rest.repos.get,
    at,
  )
  return !isPrivate
}

/** Undefined for a submodule too, whose commit lies in another repository. */
async function blobText({ git }: Context, blob: string): Promise<string | undefined> {
  try {
    return await git.text(blob, REQUEST_TEXT_LIMIT)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
