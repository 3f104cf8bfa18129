/** Tells people where a request stands: its record on the merge commit, and the one comment on its pull request. */
import { type CommentContext, grantComment, type RevertShown } from './core/comment.ts'
import { type RequestIdentity, roleOf, type StandingGrant } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import { formatRecord, type RequestRecord } from './core/record.ts'
import { type GrantState, grantReport, type Lent } from './core/report-grant.ts'
import { brokenRulesReport } from './core/report-request.ts'
import { parseLocation } from './core/request.ts'
import { RULES_PATH } from './core/rules.ts'
import type { GrantRecord, Snapshot } from './ports.ts'
import type { GitHub, World } from './world.ts'

/** Which request is spoken of; without a merge commit there is nothing to keep a record on. */
export interface Subject {
  readonly identity: RequestIdentity
  readonly blob: string
  readonly mergeSha?: string
  readonly record?: GrantRecord
}

/** Writes record and comment, unless this process brought them to this very state before. */
export async function publish(
  world: World,
  github: GitHub,
  subject: Subject,
  state: GrantState,
  revert?: RevertShown,
): Promise<void> {
  const key = keyOf(subject.identity)
  const said = JSON.stringify([state, revert])
  if (world.memory.published.get(key) === said) return
  if (subject.mergeSha !== undefined) await writeRecord(github, subject, subject.mergeSha, state)
  if (subject.identity.pull > 0) {
    const context = await commentContext(github, subject, revert)
    await github.writer.writeComment(subject.identity.pull, grantComment(state, context))
  }
  world.memory.published.set(key, said)
}

/** Names a request among all of its repository. */
export function keyOf({ path, pull }: RequestIdentity): string {
  return `${pull} ${path}`
}

/** Before IAM is written: whoever starts again after a crash goes on from here, and judges nothing twice. */
export async function recordVerdict(
  world: World,
  github: GitHub,
  subject: Subject,
  judged: RequestRecord,
): Promise<void> {
  const lent = lentOf(world, subject.identity, judged)
  if (lent === undefined || subject.mergeSha === undefined || subject.record?.state === 'approved') return
  await writeRecord(github, subject, subject.mergeSha, { kind: 'approved', lent })
}

async function writeRecord(
  { writer }: GitHub,
  subject: Subject,
  mergeSha: string,
  state: GrantState,
): Promise<void> {
  const text = 'lent' in state ? formatRecord(judgedIn(state)) : undefined
  const report = { ...grantReport(state), ...(text === undefined ? {} : { text }) }
  await writer.writeRecord(mergeSha, subject.identity, subject.record, state.kind, report)
}

function judgedIn(state: GrantState & { readonly lent: Lent }): RequestRecord {
  if (state.kind !== 'ended') return state.lent.judged
  // Only what a record knows: with more in it, it could not be read again.
  const { at, because, by, detail } = state.end
  const ended = { at, because, ...(by && { by }), ...(detail !== undefined && { detail }) }
  return { ...state.lent.judged, ended }
}

async function commentContext(
  github: GitHub,
  { identity, blob }: Subject,
  revert?: RevertShown,
): Promise<CommentContext> {
  const requestText = await github.reader.blobText(blob)
  const place = { repositoryUrl: github.url, defaultBranch: github.defaultBranch, path: identity.path }
  return { place, requestText, revert }
}

export async function subjectOf(github: GitHub, { identity, blob }: StandingGrant): Promise<Subject> {
  return { identity, blob, ...(await github.reader.recordOf(identity)) }
}

/** Undefined where nothing was judged, or the account is lent no longer. */
export function lentOf(
  world: World,
  identity: RequestIdentity,
  judged: RequestRecord | undefined,
): Lent | undefined {
  const location = parseLocation(identity.path)
  if (judged === undefined || !location.ok) return undefined
  const account = world.repository.accounts.get(location.value.account)
  return account && { location: location.value, account, judged, role: roleOf(identity, account) }
}

/** Says on the commit that broke the rules why nothing new is granted. */
export async function publishRules(
  { memory }: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<unknown>,
): Promise<void> {
  const blob = snapshot.rules?.blob ?? 'missing'
  if (rules.ok || memory.published.get(RULES_PATH) === blob) return
  await github.writer.reportBrokenRules(snapshot.commit, brokenRulesReport(rules.problems))
  memory.published.set(RULES_PATH, blob)
}
