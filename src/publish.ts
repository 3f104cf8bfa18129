/** Tells people where a request stands: its record on the merge commit, and the one comment on its pull request. */
import { type CommentContext, extensionComment, grantComment, type RevertShown } from './core/comment.ts'
import { approvedEvent, endedEvent, grantedEvent, type Happening, requestTold } from './core/event.ts'
import { type RequestIdentity, roleOf, type StandingGrant } from './core/grant.ts'
import type { Stage } from './core/label.ts'
import type { Place } from './core/links.ts'
import type { Parsed } from './core/problem.ts'
import { formatRecord, parseRecord, type RequestRecord } from './core/record.ts'
import { type GrantState, grantReport, type Lent } from './core/report-grant.ts'
import { brokenRulesReport } from './core/report-request.ts'
import { waitsForSomebody } from './core/report-words.ts'
import { parseLocation } from './core/request.ts'
import { RULES_PATH } from './core/rules.ts'
import { digest } from './digest.ts'
import type { GrantRecord, Snapshot, Word } from './ports.ts'
import { type GitHub, tell, type World } from './world.ts'

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
  const said = digest([state, revert])
  if (world.memory.published.get(key) === said) return
  await tellOf(world, subject, state)
  const { mergeSha } = subject
  const record = mergeSha === undefined ? undefined : await writeRecord(github, subject, mergeSha, state)
  await comment(world, github, { ...subject, record }, state, revert)
  if (state.kind === 'granted' || state.kind === 'ended') await tellExtended(world, github, subject, state)
  world.memory.published.set(key, said)
}

/** Whoever had a grant extended is told so on the pull request that did it, and on each that did when it is over. */
async function tellExtended(
  world: World,
  github: GitHub,
  { identity }: Subject,
  state: Extract<GrantState, { readonly kind: 'granted' | 'ended' }>,
): Promise<void> {
  const extensions = state.lent.judged.extensions ?? []
  const markdown = extensionComment(state, identity.pull, placeOf(github, identity))
  // Of its end, the first pull request tells.
  const news = state.kind === 'granted' ? newsOf(state) : undefined
  const word = { markdown, of: 'merged', stage: stageOf(state), news } as const
  for (const { pull } of state.kind === 'ended' ? extensions : extensions.slice(-1)) {
    const told = await github.writer.tell(pull, word)
    if (told !== 'told') warnUntold(world, pull, told.refused)
  }
}

/** The comment alone. `keep`: one that is there stays as it is. Where GitHub takes none, the record has to do. */
export async function comment(
  world: World,
  github: GitHub,
  subject: Subject,
  state: GrantState,
  revert?: RevertShown,
  keep?: 'keep',
): Promise<void> {
  const { pull } = subject.identity
  if (pull === 0) return
  const text = grantComment(state, await commentContext(github, subject, revert))
  const of = state.kind === 'pending' ? 'undecided' : 'merged'
  const word = { markdown: text, of, stage: stageOf(state), news: newsOf(state) } as const
  const told = await github.writer.tell(pull, word, keep)
  if (told !== 'told') warnUntold(world, pull, told.refused)
}

function warnUntold({ repository, log }: World, pull: number, why: string): void {
  const fields = { repository: repository.id, pull, why }
  log.warn(fields, 'GitHub takes no comment on a pull request: only the check tells of it')
}

function stageOf(state: GrantState): Stage {
  switch (state.kind) {
    case 'pending':
    case 'approved':
      return 'waiting'
    case 'granted':
      return state.phase === 'open' ? 'active' : 'waiting'
    case 'rejected':
      return 'refused'
    case 'ended':
      return 'ended'
  }
}

/** None where nothing happened that whoever asked does not know, or was told before. */
function newsOf(state: GrantState): Word['news'] {
  switch (state.kind) {
    case 'pending':
      return waitsForSomebody(state.code) ? 'held-up' : undefined
    case 'approved':
      return state.obstacle && 'held-up'
    case 'granted':
      return 'granted'
    case 'rejected':
      return 'refused'
    case 'ended': {
      const { because, by } = state.end
      const isOwnDoing = because === 'given-back' && by?.id === state.lent.judged.author.id
      return because === 'expired' || isOwnDoing ? undefined : 'ended'
    }
  }
}

/** Names a request among all of its repository. */
export function keyOf({ path, pull }: RequestIdentity): string {
  return `${pull} ${path}`
}

/** The path in such a key. */
export function pathIn(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

/**
 * Into the event stream, before the record says so: whoever starts again after a crash in between finds the record as it
 * was, and tells it again.
 */
async function tellOf(world: World, subject: Subject, state: GrantState): Promise<void> {
  const happening = happeningOf(subject, state)
  if (happening && subject.record?.state !== state.kind) await tell(world, happening)
}

/** None where nothing is known yet: that is told by whoever found it out, whatever the record says. */
function happeningOf({ identity, blob }: Subject, state: GrantState): Happening | undefined {
  switch (state.kind) {
    case 'pending':
      return undefined
    case 'rejected': {
      const { kind: event, code, message } = state
      return { event, request: requestTold(identity, blob), code, message }
    }
    case 'approved':
      return approvedEvent(identity, state.lent)
    case 'granted':
      return grantedEvent(identity, state.lent)
    case 'ended': {
      const { judged, role, account } = state.lent
      return endedEvent({ identity, ...role, ...judged }, account, state.end)
    }
  }
}

/**
 * Before IAM is written, and before a receipt is: whoever starts again after a crash goes on from here, judges nothing twice
 * and says nothing else.
 */
export async function recordVerdict(
  world: World,
  github: GitHub,
  subject: Subject,
  state: GrantState & { readonly kind: 'approved' | 'rejected' | 'ended' },
): Promise<Subject> {
  const { mergeSha, record } = subject
  await tellOf(world, subject, state)
  const isRecorded =
    record?.state === state.kind && !(state.kind === 'approved' && isBehind(subject, state.lent))
  if (mergeSha === undefined || isRecorded) return subject
  const written = await writeRecord(github, subject, mergeSha, state)
  // People were told something else, or nothing yet.
  world.memory.published.delete(keyOf(subject.identity))
  return { ...subject, record: written }
}

/** The same for a grant that stands and is to stand longer. */
export async function recordExtension(
  world: World,
  github: GitHub,
  subject: Subject,
  state: Extract<GrantState, { readonly kind: 'granted' }>,
): Promise<void> {
  const { mergeSha, identity } = subject
  if (mergeSha === undefined || !isBehind(subject, state.lent)) return
  await tell(world, approvedEvent(identity, state.lent))
  await writeRecord(github, subject, mergeSha, { ...state, extending: true })
}

/** Whether the record is of what the request was before it was extended. */
function isBehind({ record }: Subject, { judged }: Lent): boolean {
  return parseRecord(record?.text)?.blob !== judged.blob
}

function writeRecord(
  { writer }: GitHub,
  subject: Subject,
  mergeSha: string,
  state: GrantState,
): Promise<GrantRecord> {
  const text = 'lent' in state ? formatRecord(judgedIn(state)) : undefined
  const report = { ...grantReport(state), ...(text === undefined ? {} : { text }) }
  return writer.writeRecord(mergeSha, subject.identity, subject.record, state.kind, report)
}

function judgedIn(state: GrantState & { readonly lent: Lent }): RequestRecord {
  if (state.kind !== 'ended') return state.lent.judged
  // Only what a record knows: with more in it, it could not be read again.
  const { at, because, by, detail, lastUsed } = state.end
  const ended = {
    at,
    because,
    ...(by && { by }),
    ...(detail !== undefined && { detail }),
    ...(lastUsed && { lastUsed }),
  }
  return { ...state.lent.judged, ended }
}

async function commentContext(
  github: GitHub,
  { identity, blob, record }: Subject,
  revert?: RevertShown,
): Promise<CommentContext> {
  const requestText = await github.reader.blobText(blob)
  return { place: placeOf(github, identity), requestText, revert, checkRunId: record?.checkRunId }
}

function placeOf({ url, defaultBranch }: GitHub, { path }: RequestIdentity): Place {
  return { repositoryUrl: url, defaultBranch, path }
}

/** The record knows the bytes, also where the role does not say them any more. */
export async function subjectOf(github: GitHub, { identity, blob }: StandingGrant): Promise<Subject> {
  const recorded = await github.reader.recordOf(identity)
  return { identity, blob: parseRecord(recorded.record?.text)?.blob ?? blob, ...recorded }
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
