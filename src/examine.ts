/** One pull request: which of its files are Daypass's, what is wrong with them, what they would grant, and what their approval lacks. */
import { judgeOpen, standing } from './core/approval.ts'
import { type Asked, readAsked } from './core/asked.ts'
import type { ChangedFile, Evidence } from './core/evidence.ts'
import { buildGrant, checkGrantSize, type Grant } from './core/grant.ts'
import { problemsOfGuarded } from './core/guarded.ts'
import { inWhole, isOne, type Parsed, type Problem, problemsOf } from './core/problem.ts'
import type { ApprovalFinding } from './core/report-approval.ts'
import type { RequestFinding, ValidRequest } from './core/report-request.ts'
import { isRequestPath, REQUESTS_FOLDER } from './core/request.ts'
import type { Rules } from './core/rules.ts'
import { windowOf } from './core/window.ts'
import { guardedPathsIn, judgeChange } from './examine-change.ts'
import { type Extended, extendIfMergedNow, readExtended } from './examine-extension.ts'
import { examineGroup } from './examine-group.ts'
import { type Examined, waits } from './examined.ts'
import type { Head, PullHead } from './heads.ts'
import type { Snapshot, SourceFile } from './ports.ts'
import { withFallback } from './weigh-fallback.ts'
import type { GitHub, PreviewWorld } from './world.ts'

/** What an open pull request lacks of course, until somebody has approved it. */
const TO_COME = new Set(['approvals-missing', 'changes-requested'])

export async function examine(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  base: Snapshot,
  head: Head,
): Promise<Examined> {
  const changes = await github.reader.changedFiles(head.sha, head.kind === 'pull' ? head.pull : undefined)
  const requests = changes.filter(touchesRequest)
  const guarded = guardedPathsIn(changes)
  if (requests.length === 0 && guarded.length === 0) return same({ kind: 'nothing-to-check' })
  if (requests.every(({ status }) => status === 'removed') && guarded.length === 0) {
    return same({ kind: 'ends-access', files: requests.map(({ path }) => path) })
  }
  // One alone is looked at of what a pull request brings; the others would only cost calls, as many as somebody likes.
  const shown = head.kind === 'pull' ? requests.slice(0, 1) : requests
  const snapshot = await github.reader.snapshot(
    head.sha,
    shown.map(({ path }) => path),
  )
  const problems = guarded.flatMap((path) => problemsOfGuarded(snapshot, path))
  if (head.kind === 'group') {
    return examineGroup(world, github, { head, snapshot, base, rules, requests, guarded, problems })
  }
  if (requests.length === 0) {
    return {
      request: isOne(problems)
        ? { kind: 'problems', problems }
        : { kind: 'rules-fine', files: guarded, ...(await shownTo(world, github)) },
      approval: await approvalOfChanges(github, head, guarded),
      asks: false,
    }
  }
  if (!rules.ok) return waits({ kind: 'rules-broken', problems: rules.problems })
  return examineRequest(world, github, { snapshot, base, rules: rules.value, head, changes, problems })
}

/** Another branch may hold what it likes: only what comes onto the default branch is ever gone by. */
async function approvalOfChanges(
  github: GitHub,
  { pull, baseBranch, draft }: PullHead,
  guarded: ReturnType<typeof guardedPathsIn>,
): Promise<ApprovalFinding> {
  if (baseBranch !== github.defaultBranch) return { kind: 'nothing-to-check' }
  return {
    kind: 'judged',
    draft,
    judged: await Promise.all(guarded.map((path) => judgeChange(github, pull, path))),
  }
}

interface RequestToExamine {
  readonly snapshot: Snapshot
  /** The default branch. */
  readonly base: Snapshot
  readonly rules: Rules
  readonly head: PullHead
  readonly changes: readonly ChangedFile[]
  /** Of rules and CODEOWNERS in the same pull request. */
  readonly problems: readonly Problem[]
}

async function examineRequest(
  world: PreviewWorld,
  github: GitHub,
  { snapshot, base, rules, head, changes, problems: guardedProblems }: RequestToExamine,
): Promise<Examined> {
  const change = changes.find(touchesRequest)
  const path = change?.path ?? REQUESTS_FOLDER
  const file = snapshot.requests.find((request) => request.path === path)
  const extended =
    file && change?.status === 'modified' ? await readExtended(world, github, base, path) : undefined
  if (extended && 'code' in extended) return waits({ kind: 'problems', problems: [inWhole(path, extended)] })
  const readAt = extended?.judged.window.start ?? world.now()
  const asked = file && readAsked(file, rules, world.repository.accounts, readAt, extended?.judged.request)
  const problems = [...guardedProblems, ...(asked ? problemsOf(asked) : [])]
  if (file === undefined || asked === undefined || !asked.ok || isOne(problems)) {
    return waits({ kind: 'problems', problems: isOne(problems) ? problems : [notThere(path)] })
  }
  if (rules.paused) return waits({ kind: 'paused' })
  const { request, terms } = asked.value
  const gathered = await github.reader.previewEvidence(
    head.pull,
    path,
    { requester: request.requester, approvalsNeeded: terms.approvalsNeeded, mergeBy: terms.mergeBy },
    extended?.file,
  )
  const evidence = await withFallback(github, gathered, terms)
  const grant = extended
    ? extendIfMergedNow(world, extended, asked.value, evidence)
    : grantIfMergedNow(world, head, file, asked.value)
  const [told, hasRoom, isWithin] = await Promise.all([
    shownTo(world, github),
    // What is extended has its role already, in which it reads the same.
    extended ? true : world.hasRoom(asked.value.account, world.repository.id),
    extended || 'code' in grant ? true : world.isWithinBoundary(asked.value.account, grant),
  ])
  if ('code' in grant) return waits({ kind: 'problems', problems: [inWhole(path, grant)] })
  const shown = {
    ...told,
    ...(hasRoom === false && { isFull: true }),
    ...(isWithin === false && { isBeyondBoundary: true }),
  }
  return weigh({ head, asked: asked.value, grant, evidence, extended, shown })
}

/** Whoever runs the app is told too: the people who ask may not be able to mend it. */
async function shownTo({ repository, log, memory }: PreviewWorld, github: GitHub) {
  const isPublic = await github.reader.isPublic()
  if (isPublic && !memory.toldPublic)
    log.warn(
      { repository: repository.id, url: github.url },
      'The access repository is public: everybody can read who asks for what, and why',
    )
  memory.toldPublic = isPublic
  return isPublic ? { isPublic } : {}
}

interface ToWeigh {
  readonly head: PullHead
  readonly asked: Asked
  readonly grant: Grant
  readonly evidence: Evidence
  readonly extended: Extended | undefined
  readonly shown: Pick<ValidRequest, 'isPublic' | 'isFull' | 'isBeyondBoundary'>
}

function weigh({ head, asked, grant, evidence, extended, shown }: ToWeigh): Examined {
  const { pull, draft } = head
  const { path } = evidence
  const tooLarge = checkGrantSize(grant)
  if (tooLarge !== undefined) return waits({ kind: 'problems', problems: [inWhole(path, tooLarge)] })
  const verdict = judgeOpen(evidence)
  const stands = standing(evidence)
  const approval: ApprovalFinding = {
    kind: 'judged',
    draft,
    judged: [{ path, pull, of: extended ? 'extension' : 'request', verdict, standing: stands }],
  }
  if (verdict.outcome === 'unknown') {
    const { code, message } = verdict
    return { request: { kind: 'unknown', code, message }, approval, asks: true }
  }
  if (verdict.outcome === 'rejected' && !TO_COME.has(verdict.code)) {
    const { code, message, fix } = verdict
    const problems = [inWhole(path, { code, message, fix })] as const
    return { request: { kind: 'problems', problems }, approval, asks: true }
  }
  const before = extended && { pull: extended.pull, window: extended.judged.window }
  return {
    request: { kind: 'valid', asked, grant, standing: stands, ...(before && { extends: before }), ...shown },
    approval,
    asks: true,
  }
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

/** Where both checks say the same. */
function same(finding: RequestFinding & ApprovalFinding): Examined {
  return { request: finding, approval: finding, asks: false }
}

/** Whether a change puts a request into the repository, alters one or takes one out. */
function touchesRequest({ path, previousPath }: ChangedFile): boolean {
  return isRequestPath(path) || (previousPath !== undefined && isRequestPath(previousPath))
}

function notThere(path: string): Problem {
  return inWhole(path, {
    code: 'not-added',
    message: 'The pull request does not add this file: it alters, renames or removes one.',
    fix: 'Add one request as a new file, and nothing else.',
  })
}
