/** Ends the grants that must not go on by what the branch says, and opens what it newly asks for. */
import type { StandingGrant } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import { parseLocation } from './core/request.ts'
import type { Rules } from './core/rules.ts'
import { denyEach, type Ending } from './deny.ts'
import { findDisallowed } from './end-disallowed.ts'
import { findGivenBack } from './end-early.ts'
import { type Changes, changedGrants, judgeChanges, whyChangeEnds } from './extend.ts'
import type { Finding } from './finding.ts'
import { giveAccess } from './give-access.ts'
import { ROLE_MISSING, WINDOW_OVER } from './judge-added.ts'
import { judgeFile } from './judge-file.ts'
import type { Snapshot, SourceFile } from './ports.ts'
import { keyOf } from './publish.ts'
import { attempt, type GitHub, type Iam, type World } from './world.ts'

interface Left {
  readonly standing: readonly StandingGrant[]
  readonly changes: Changes
}

/** What was found of files without a grant, and what was granted of it. */
interface Given {
  readonly findings: readonly Finding[]
  readonly written: readonly StandingGrant[]
}

export interface Applied extends Left, Given {}

/** Side by side, so that neither an end nor a new grant waits for what the other reads. */
export async function applyBranch(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  iam: Iam,
): Promise<Applied> {
  const judge = (files: readonly SourceFile[], standing: readonly StandingGrant[]) =>
    judgeFiles(world, github, snapshot, rules, standing, files)
  const give = async (found: readonly Finding[], standing: readonly StandingGrant[]): Promise<Given> => {
    const known = new Set(standing.map(({ identity }) => keyOf(identity)))
    const findings = found.filter(({ subject }) => !known.has(keyOf(subject.identity)))
    return { findings, written: await giveAccess(world, github, standing, snapshot, findings) }
  }
  const open = openQuestions(world, snapshot, iam)
  const shut = shutQuestions(world, snapshot, iam)
  const [{ standing, changes }, first, untold] = await Promise.all([
    endForbidden(world, github, snapshot, rules, iam),
    judge(open, iam.standing).then((found) => give(found, iam.standing)),
    judge(shut, iam.standing).then((found) => found.flatMap((finding) => whereShut(world, finding) ?? [])),
  ])
  const paths = new Set([...changes.keys()].map(({ identity }) => identity.path))
  // A file whose grant ended just now may be another request's by now.
  const opened = openQuestions(world, snapshot, { ...iam, standing }).filter(
    (file) => !open.includes(file) && !paths.has(file.path),
  )
  const then = await give([...(await judge(opened, standing)), ...changes.values()], standing)
  const written = [...first.written, ...then.written]
  return {
    standing: [...standing, ...written],
    changes,
    findings: [...first.findings, ...then.findings, ...untold],
    written,
  }
}

async function endForbidden(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  iam: Iam,
): Promise<Left> {
  const { standing } = iam
  const changing = changedGrants(world, snapshot, standing)
  const [left, changed, disallowed] = await Promise.all([
    endGivenBack(world, github, snapshot.commit, iam),
    judgeChanges(world, github, snapshot, rules, standing, changing),
    findDisallowed(world, github, snapshot, rules, standing, changing),
  ])
  // What was given back meanwhile is extended by nothing any more.
  const changes = new Map([...changed].filter(([grant]) => left.includes(grant)))
  return { standing: await denyEach(world, left, [...endedBy(changes), ...disallowed]), changes }
}

/** Denies what somebody who may has ended early: by a comment, or by the button on the check run. */
export async function endGivenBack(
  world: World,
  github: GitHub,
  commit: string,
  iam: Iam,
): Promise<readonly StandingGrant[]> {
  const givenBack = await findGivenBack(world, github, commit, iam)
  return denyEach(
    world,
    iam.standing,
    [...givenBack].map(([grant, by]) => ({ standing: grant, because: 'given-back', by })),
  )
}

/** Those whose file was changed to something that does not extend them. */
function endedBy(changes: Changes): readonly Ending[] {
  return [...changes].flatMap(([standing, finding]) => {
    const why = whyChangeEnds(standing, finding)
    return why === undefined ? [] : [{ standing, ...why }]
  })
}

async function judgeFiles(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  files: readonly SourceFile[],
): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    files.map((file) =>
      attempt(world, 'judge a request', { path: file.path }, () =>
        judgeFile(world, github, snapshot, rules, standing, file),
      ),
    ),
  )
  return findings.filter((finding) => finding !== undefined)
}

/** The files of which anything is still to be asked: without a live grant, and not settled on this very commit. */
function openQuestions(
  { memory }: World,
  snapshot: Snapshot,
  { standing, unreadable }: Iam,
): readonly SourceFile[] {
  const granted = new Set(
    standing.flatMap(({ identity, state }) => (state.kind === 'live' ? identity.path : [])),
  )
  return snapshot.requests.filter((file) => {
    if (unreadable.has(accountIn(file.path))) return false
    const settled = memory.settled.get(file.path)
    if (settled?.blob === file.blob && settled.commit === snapshot.commit) return false
    return !granted.has(file.path)
  })
}

/** The alias of the account in the path of a request; empty where there is none. */
function accountIn(path: string): string {
  const location = parseLocation(path)
  return location.ok ? location.value.account : ''
}

/** The files in accounts that can't be read of which nobody was told yet that they wait for that. */
function shutQuestions(
  { memory }: World,
  { requests }: Snapshot,
  { unreadable }: Iam,
): readonly SourceFile[] {
  const isShut = (path: string) => unreadable.has(accountIn(path))
  for (const path of memory.shut.keys()) if (!isShut(path)) memory.shut.delete(path)
  return requests.filter(({ path, blob }) => isShut(path) && memory.shut.get(path) !== blob)
}

export const ACCOUNT_UNREADABLE = 'account-unreadable'

/** Whether a grant stands there nobody knows: nothing is final, and of what was granted, refused or ended nothing new is told. */
function whereShut({ memory }: World, finding: Finding): Finding | undefined {
  const { subject } = finding
  const extended = finding.kind === 'unknown' || finding.kind === 'rejected' ? finding.extends : undefined
  // Its role was looked for nowhere.
  for (const { identity } of [subject, extended ?? subject]) memory.missing.delete(keyOf(identity))
  const isMissing = finding.kind === 'unknown' && finding.reason.code === ROLE_MISSING
  if (finding.kind === 'unknown' && !isMissing) return finding
  const { state } = subject.record ?? {}
  const isTold = state !== undefined && state !== 'pending'
  // What GitHub keeps no record of any more was told of long ago.
  const isForgotten = finding.kind === 'rejected' && finding.reason.code === WINDOW_OVER
  if (extended === undefined && (isTold || isForgotten)) {
    memory.shut.set(subject.identity.path, subject.blob)
    return undefined
  }
  const message = `The AWS account ${accountIn(subject.identity.path)} can not be read, so that nothing can be granted there. Whoever runs Daypass finds the reason in its log.`
  const reason = { code: ACCOUNT_UNREADABLE, message }
  return { kind: 'unknown', subject, reason, ...(extended && { extends: extended }) }
}
