/** Gathers what GitHub says of how one request came to be on the branch, or would come to be there. */
import type { ChangedFile, Evidence, FileAt, TrustRoot } from '../core/evidence.ts'
import {
  type Brought,
  type EvidenceTerms,
  type Provenance,
  type RecordState,
  type Snapshot,
  type SourceFile,
  Unreadable,
} from '../ports.ts'
import { branchHead, type Context } from './context.ts'
import { contains, firstParents } from './history.ts'
import { readMergedPull } from './merged-pull.ts'
import { findLanded, landing } from './merges.ts'
import { readOwners } from './owners.ts'
import { permissionOfPerson, personOf } from './people.ts'
import { type LandedPull, type PullCommits, pullCommits, pullFiles, readPull } from './pulls.ts'
import { findRecord } from './records.ts'
import { wasTakenOut } from './taken-out.ts'
import { secondsOf } from './times.ts'
import { lastTouch } from './touches.ts'

export type ReadTrust = (head: string) => Promise<TrustRoot>

export async function readProvenance(
  context: Context,
  readTrust: ReadTrust,
  file: SourceFile,
  snapshot: Snapshot,
  terms: EvidenceTerms,
): Promise<Provenance> {
  const [trustRoot, links] = await Promise.all([
    readTrust(snapshot.commit),
    readLinks(context, snapshot.commit, file.path),
  ])
  const told = links.map((link, index): Brought => {
    const { record, before: _, ...rest } = link
    const onBranch = links[index + 1]?.beforeMerge ?? { blob: file.blob, mode: file.mode }
    const extended = links[index - 1]?.atMerge
    const evidence: Evidence = {
      ...placeOf(context, file.path),
      ...terms,
      ...rest,
      onBranch,
      ...(extended !== undefined && { extended }),
      trustRoot,
    }
    return record ? { evidence, record } : { evidence }
  })
  const last = told.at(-1)
  if (last === undefined) throw new Error('no link was read')
  return { ...last, earlier: told.slice(0, -1) }
}

export async function readPreviewEvidence(
  context: Context,
  readTrust: ReadTrust,
  number: number,
  path: string,
  terms: EvidenceTerms,
  extended?: FileAt,
): Promise<Evidence> {
  const { git } = context
  const head = branchHead(context)
  const told = readPull(context, number)
  const [pull, atMerge, authorPermission, beforeMerge, owners, trustRoot] = await Promise.all([
    readMergedPull(context, number, path, { told }),
    told.then(({ head }) => git.fileAt(head.sha, path)),
    told.then(({ user }) => permissionOfPerson(context, personOf(user))),
    head.then((commit) => git.fileAt(commit, path)),
    head.then((commit) => readOwners(context, commit, path, commit)),
    head.then(readTrust),
  ])
  return {
    ...placeOf(context, path),
    ...terms,
    onBranch: 'missing',
    pull,
    atMerge,
    beforeMerge,
    ...(extended && { extended }),
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

type Link = Pick<
  Evidence,
  'pull' | 'atMerge' | 'beforeMerge' | 'mergedInView' | 'takenOutSince' | 'authorPermission' | 'owners'
> &
  Pick<Brought, 'record'> & {
    /** The commit of the branch before the merge. */
    readonly before?: string
  }

const PUSHED: Link = {
  atMerge: 'missing',
  beforeMerge: 'missing',
  mergedInView: false,
  takenOutSince: false,
  authorPermission: 'none',
  owners: { owners: [] },
}

/** More often no request is extended: what is behind so many is looked at as if it had been there before. */
const MOST_LINKS = 32

/** The pull requests that made the file what it is in `head`: the one that added it, then those that changed it. */
async function readLinks(
  context: Context,
  head: string,
  path: string,
  most = MOST_LINKS,
): Promise<readonly [...Link[], Link]> {
  const last = await readLink(context, head, path, most === MOST_LINKS)
  if (!changesRequest(last, path) || last.before === undefined || most === 1) return [last]
  const earlier = await readLinks(context, last.before, path, most - 1)
  return [...earlier, last]
}

function changesRequest({ pull, beforeMerge }: Link, path: string): boolean {
  return isModified(pull?.files ?? [], path) && beforeMerge !== 'missing'
}

function isModified(files: readonly ChangedFile[], path: string): boolean {
  return files.find((file) => file.path === path)?.status === 'modified'
}

/**
 * The number of the pull request that added a file, whatever extended it since; undefined where somebody pushed it.
 * Reads nothing of what only a judgement needs.
 */
export async function readOrigin(
  context: Context,
  head: string,
  path: string,
  most = MOST_LINKS,
): Promise<number | undefined> {
  const landed = await readLanded(context, head, path)
  if (!landed || most === 1 || !isModified(await pullFiles(context, landed.number), path))
    return landed?.number
  const { before } = await landing(context, landed)
  if (before === undefined || (await context.git.fileAt(before, path)) === 'missing') return landed.number
  return readOrigin(context, before, path, most - 1)
}

async function readLanded(context: Context, head: string, path: string): Promise<LandedPull | undefined> {
  const foreseen = await context.foresight.landed(head, path)
  if (foreseen) return foreseen
  const commit = await lastTouch(context, head, path)
  if (!commit)
    throw new Unreadable(
      `the last commit of ${path}`,
      'GitHub lists none, although the file is on the branch',
    )
  return findLanded(context, commit, head)
}

/** What is known of the pull request that brought the file as it is in `head`. */
async function readLink(context: Context, head: string, path: string, isLast: boolean): Promise<Link> {
  const landed = await readLanded(context, head, path)
  if (!landed) return PUSHED
  const identity = { repositoryId: context.target.id, path, pull: landed.number }
  const { mergeSha } = landed
  const listed = pullCommits(context, landed.number)
  const [pull, authorPermission, before, atMerge, record, left] = await Promise.all([
    readMergedPull(context, landed.number, path, { listed }),
    permissionOfPerson(context, landed.author),
    readBefore(context, landed, listed, path, head),
    context.git.fileAt(mergeSha, path),
    findRecord(context, mergeSha, identity),
    wasTakenOut(context, { path, mergeSha, mergedAt: secondsOf(landed.mergedAt) }, head),
  ])
  const open = !isLast || !SETTLED.has(record?.state)
  const takenOutSince = open && left
  return { pull, atMerge, ...before, takenOutSince, authorPermission, ...(record ? { record } : {}) }
}

/** Of these nothing is granted any more. */
const SETTLED: ReadonlySet<RecordState | undefined> = new Set(['granted', 'rejected', 'ended'])

/** The owners that count are those who were asked: CODEOWNERS as it stood before the merge. */
async function readBefore(
  context: Context,
  landed: LandedPull,
  listed: Promise<PullCommits>,
  path: string,
  head: string,
) {
  const { before } = await landing(context, landed, listed)
  if (before === undefined)
    return { beforeMerge: 'missing' as const, owners: { owners: [] }, mergedInView: false, before }
  const [beforeMerge, owners, mergedInView] = await Promise.all([
    context.git.fileAt(before, path),
    readOwners(context, before, path, head),
    isInView(context, before, landed.mergeSha, head),
  ])
  return { beforeMerge, owners, mergedInView, before }
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
