/** One pull request: which of its files are Daypass's, what is wrong with them, and what they would grant. */
import { judgeOpen, standing } from './core/approval.ts'
import { type Asked, readAsked } from './core/asked.ts'
import { CODEOWNERS_PLACES, parseCodeowners } from './core/codeowners.ts'
import { codeownersProblems } from './core/codeowners-problems.ts'
import type { ChangedFile, Evidence } from './core/evidence.ts'
import { buildGrant, checkGrantSize, type Grant } from './core/grant.ts'
import { inWhole, notText, type Parsed, type Problem } from './core/problem.ts'
import type { RequestFinding } from './core/report-request.ts'
import { isRequestPath, REQUESTS_FOLDER } from './core/request.ts'
import { parseRules, RULES_PATH, type Rules } from './core/rules.ts'
import type { OpenVerdict } from './core/verdict.ts'
import { windowOf } from './core/window.ts'
import type { Snapshot, SourceFile } from './ports.ts'
import type { GitHub, PreviewWorld } from './world.ts'

/** A commit that waits for its check: the head of a pull request, or of a merge group. */
export interface Head {
  readonly sha: string
  /** The pull request; of a merge group, the last one in it. */
  readonly pull: number
  readonly baseBranch?: string
  readonly isMergeGroup: boolean
}

/** What an open pull request lacks of course, until somebody has approved it. */
const TO_COME = new Set(['approvals-missing', 'changes-requested'])

export async function examine(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  head: Head,
): Promise<RequestFinding> {
  const changes = await github.reader.changedFiles(head.sha, head.isMergeGroup ? undefined : head.pull)
  const requests = changes.filter(touchesRequest)
  const guarded = changes.filter(({ path }) => isGuarded(path))
  if (requests.length === 0 && guarded.length === 0) return { kind: 'nothing-to-check' }
  if (requests.every(({ status }) => status === 'removed') && guarded.length === 0) {
    return { kind: 'ends-access', files: requests.map(({ path }) => path) }
  }
  const snapshot = await github.reader.snapshot(head.sha)
  const problems = guarded.flatMap(({ path }) => problemsOfGuarded(snapshot, path))
  if (requests.length === 0) {
    return isOne(problems)
      ? { kind: 'problems', problems }
      : { kind: 'rules-fine', files: guarded.map(({ path }) => path) }
  }
  if (!rules.ok) return { kind: 'rules-broken', problems: rules.problems }
  if (head.isMergeGroup) return examineGroup(world, snapshot, rules.value, requests, problems)
  return examineRequest(world, github, snapshot, rules.value, head, changes, problems)
}

/** A merge group may hold several pull requests; each was examined by itself, and all files are read again together. */
function examineGroup(
  world: PreviewWorld,
  snapshot: Snapshot,
  rules: Rules,
  requests: readonly ChangedFile[],
  problems: readonly Problem[],
): RequestFinding {
  const files = snapshot.requests.filter(({ path }) => requests.some((request) => request.path === path))
  const all = [
    ...problems,
    ...files.flatMap((file) => problemsOf(readAsked(file, rules, world.repository.accounts, world.now()))),
  ]
  return isOne(all)
    ? { kind: 'problems', problems: all }
    : { kind: 'group-fine', files: files.map(({ path }) => path) }
}

async function examineRequest(
  world: PreviewWorld,
  github: GitHub,
  snapshot: Snapshot,
  rules: Rules,
  head: Head,
  changes: readonly ChangedFile[],
  guardedProblems: readonly Problem[],
): Promise<RequestFinding> {
  const path = changes.find(touchesRequest)?.path ?? REQUESTS_FOLDER
  const file = snapshot.requests.find((request) => request.path === path)
  const asked = file && readAsked(file, rules, world.repository.accounts, world.now())
  const problems = [...guardedProblems, ...(asked ? problemsOf(asked) : [])]
  if (file === undefined || asked === undefined || !asked.ok || isOne(problems)) {
    return { kind: 'problems', problems: isOne(problems) ? problems : [notThere(path)] }
  }
  if (rules.paused) return { kind: 'paused' }
  const { request, terms } = asked.value
  const evidence = await github.reader.previewEvidence(head.pull, path, {
    requester: request.requester,
    approvalsNeeded: terms.approvalsNeeded,
    mergeBy: terms.mergeBy,
  })
  const grant = grantIfMergedNow(world, head, file, asked.value)
  const tooLarge = checkGrantSize(grant)
  if (tooLarge !== undefined) return { kind: 'problems', problems: [inWhole(path, tooLarge)] }
  return weigh(path, asked.value, grant, evidence, judgeOpen(evidence))
}

function weigh(
  path: string,
  asked: Asked,
  grant: Grant,
  evidence: Evidence,
  verdict: OpenVerdict,
): RequestFinding {
  if (verdict.outcome === 'unknown') return { kind: 'unknown', code: verdict.code, message: verdict.message }
  if (verdict.outcome === 'rejected' && !TO_COME.has(verdict.code)) {
    return { kind: 'problems', problems: [problemAt(path, verdict.code, verdict.message, verdict.fix)] }
  }
  return { kind: 'valid', asked, grant, standing: standing(evidence), verdict }
}

function grantIfMergedNow(world: PreviewWorld, head: Head, file: SourceFile, asked: Asked): Grant {
  const { location, request, account, terms } = asked
  return buildGrant({
    identity: { repositoryId: world.repository.id, path: file.path, pull: head.pull },
    location,
    blob: file.blob,
    request,
    window: windowOf(request, world.now()),
    account,
    principal: terms.principal,
    kmsKey: terms.kmsKey,
  })
}

function problemsOfGuarded(snapshot: Snapshot, path: string): readonly Problem[] {
  const file = path === RULES_PATH ? snapshot.rules : snapshot.codeowners
  // Taken out, or behind another CODEOWNERS that is in force.
  if (file?.path !== path) return []
  if (file.text === undefined) return [notText(path)]
  return path === RULES_PATH
    ? problemsOf(parseRules(file.text))
    : codeownersProblems(path, parseCodeowners(file.text))
}

/** Whether a change puts a request into the repository, alters one or takes one out. */
function touchesRequest({ path, previousPath }: ChangedFile): boolean {
  return isRequestPath(path) || (previousPath !== undefined && isRequestPath(previousPath))
}

function isGuarded(path: string): boolean {
  return path === RULES_PATH || CODEOWNERS_PLACES.some((place) => place === path)
}

function problemsOf(parsed: Parsed<unknown>): readonly Problem[] {
  return parsed.ok ? [] : parsed.problems
}

function isOne(problems: readonly Problem[]): problems is readonly [Problem, ...Problem[]] {
  return problems.length > 0
}

function notThere(path: string): Problem {
  return problemAt(
    path,
    'not-added',
    'The pull request does not add this file: it alters, renames or removes one.',
    'Add one request as a new file, and nothing else.',
  )
}

function problemAt(file: string, code: string, message: string, fix: string): Problem {
  return { file, line: 1, column: 1, code, message, fix }
}
