/** Gathers what GitHub says of how one request came to be on the branch, or would come to be there. */
import type { Evidence, TrustRoot } from '../core/evidence.ts'
import {
  type EvidenceTerms,
  type Provenance,
  type RecordState,
  type Snapshot,
  type SourceFile,
  Unreadable,
} from '../ports.ts'
import type { Context } from './context.ts'
import { contains, firstParents } from './history.ts'
import { readMergedPull } from './merged-pull.ts'
import { findLanded, landing } from './merges.ts'
import { readOwners } from './owners.ts'
import { permissionOfPerson, personOf } from './people.ts'
import { type LandedPull, type PullCommits, pullCommits, readPull } from './pulls.ts'
import { findRecord } from './records.ts'
import { leftBranch } from './taken-out.ts'
import { lastTouch } from './touches.ts'

export type ReadTrust = (head: string) => Promise<TrustRoot>

export async function readProvenance(
  context: Context,
  readTrust: ReadTrust,
  file: SourceFile,
  snapshot: Snapshot,
  terms: EvidenceTerms,
): Promise<Provenance> {
  const [trustRoot, brought] = await Promise.all([
    readTrust(snapshot.commit),
    readBrought(context, snapshot.commit, file.path),
  ])
  const { record, ...told } = brought
  const evidence: Evidence = {
    ...placeOf(context, file.path),
    ...terms,
    ...told,
    onBranch: { blob: file.blob, mode: file.mode },
    trustRoot,
  }
  return record ? { evidence, record } : { evidence }
}

export async function readPreviewEvidence(
  context: Context,
  readTrust: ReadTrust,
  number: number,
  path: string,
  terms: EvidenceTerms,
): Promise<Evidence> {
  const { git, target } = context
  const head = git.head(target.defaultBranch)
  const [pull, { atMerge, authorPermission }, beforeMerge, owners, trustRoot] = await Promise.all([
    readMergedPull(context, number, path),
    readHead(context, number, path),
    head.then((commit) => git.fileAt(commit, path)),
    head.then((commit) => readOwners(context, commit, path)),
    head.then(readTrust),
  ])
  return {
    ...placeOf(context, path),
    ...terms,
    onBranch: 'missing',
    pull,
    atMerge,
    beforeMerge,
    mergedInView: true,
    takenOutSince: false,
    authorPermission,
    owners,
    trustRoot,
  }
}

function placeOf({ target }: Context, path: string) {
  return { repositoryId: target.id, defaultBranch: target.defaultBranch, path }
}

type Brought = Pick<
  Evidence,
  'pull' | 'atMerge' | 'beforeMerge' | 'mergedInView' | 'takenOutSince' | 'authorPermission' | 'owners'
> &
  Pick<Provenance, 'record'>

const PUSHED: Brought = {
  atMerge: 'missing',
  beforeMerge: 'missing',
  mergedInView: false,
  takenOutSince: false,
  authorPermission: 'none',
  owners: { owners: [] },
}

/** What is known of the pull request that brought the file. */
async function readBrought(context: Context, head: string, path: string): Promise<Brought> {
  const commit = await lastTouch(context, head, path)
  if (!commit)
    throw new Unreadable(
      `the last commit of ${path}`,
      'GitHub lists none, although the file is on the branch',
    )
  const landed = await findLanded(context, commit, head)
  if (!landed) return PUSHED
  const identity = { repositoryId: context.target.id, path, pull: landed.number }
  const commits = pullCommits(context, landed.number)
  const [{ pull, authorPermission }, before, atMerge, record] = await Promise.all([
    readMergedPull(context, landed.number, path, commits).then(async (pull) => ({
      pull,
      authorPermission: await permissionOfPerson(context, pull.author),
    })),
    Promise.all([commits, context.git.commit(landed.mergeSha)]).then(([originals]) =>
      readBefore(context, landed, originals, path, head),
    ),
    context.git.fileAt(landed.mergeSha, path),
    findRecord(context, landed.mergeSha, identity),
  ])
  const open = !SETTLED.has(record?.state)
  const takenOutSince = open && (await leftBranch(context, identity, head))
  return { pull, atMerge, ...before, takenOutSince, authorPermission, ...(record ? { record } : {}) }
}

/** Of these nothing is granted any more, so nothing more is asked. */
const SETTLED: ReadonlySet<RecordState | undefined> = new Set(['granted', 'rejected', 'ended'])

/** The owners that count are those who were asked: CODEOWNERS as it stood before the merge. */
async function readBefore(
  context: Context,
  landed: LandedPull,
  originals: PullCommits,
  path: string,
  head: string,
) {
  const { before } = await landing(context, landed, originals)
  if (before === undefined)
    return { beforeMerge: 'missing' as const, owners: { owners: [] }, mergedInView: false }
  const [beforeMerge, owners, mergedInView] = await Promise.all([
    context.git.fileAt(before, path),
    readOwners(context, before, path),
    isInView(context, before, landed.mergeSha, head),
  ])
  return { beforeMerge, owners, mergedInView }
}

/**
 * Whether the trust root, which is followed along first parents only, says anything of the commit before a merge. A push
 * can make the branch follow from elsewhere by a merge whose first parent is an older commit: what lay in between is out
 * of view then.
 */
async function isInView(context: Context, before: string, mergeSha: string, head: string): Promise<boolean> {
  const { trustedCommit } = context.target
  const [way, isKnown] = await Promise.all([
    firstParents(context, mergeSha, head),
    context.git.knows(trustedCommit),
  ])
  return way !== undefined && isKnown && contains(context, before, trustedCommit)
}

async function readHead(context: Context, number: number, path: string) {
  const pull = await readPull(context, number)
  const [atMerge, authorPermission] = await Promise.all([
    context.git.fileAt(pull.head.sha, path),
    permissionOfPerson(context, personOf(pull.user)),
  ])
  return { atMerge, authorPermission }
}
