/** The app's own record of each request: one check run on the merge commit, which nobody else can write. */
import { END_ACTION, END_BUTTON } from '../core/early-end.ts'
import { identityHash, type RequestIdentity } from '../core/grant.ts'
import type { CheckReport } from '../core/report.ts'
import type { GrantRecord, RecordedRequest, RecordRun, RecordState } from '../ports.ts'
import { type Button, type CheckState, createCheck, listChecks, shows, updateCheck } from './checks.ts'
import type { Context } from './context.ts'
import { GRANT_CHECK } from './names.ts'
import { mergeOf } from './pulls.ts'

const STATES: Readonly<Record<RecordState, CheckState>> = {
  pending: { status: 'queued' },
  approved: { status: 'in_progress' },
  // GitHub shows a button only where the check is completed, gives up on one that is open for two weeks, and lets nobody
  // conclude it anew: so a grant and its end share a conclusion, and only the external id tells them apart.
  granted: { conclusion: 'neutral' },
  rejected: { conclusion: 'failure' },
  ended: { conclusion: 'neutral' },
}

/** Should two replicas have written two, the older one counts. */
export async function findRecord(
  context: Context,
  mergeSha: string,
  identity: RequestIdentity,
): Promise<GrantRecord | undefined> {
  const hash = identityHash(identity)
  const found = (await listChecks(context, mergeSha, GRANT_CHECK)).flatMap((run) => {
    const [state, of] = (run.externalId ?? '').split(':')
    return of === hash && isRecordState(state) ? [{ ...run, state }] : []
  })
  const [oldest, ...doubled] = found
  if (oldest === undefined) return undefined
  const { id: checkRunId, completed, state, title, summary, text } = oldest
  const others = doubled.map((run) => ({ checkRunId: run.id, completed: run.completed }))
  return {
    checkRunId,
    completed,
    state,
    title,
    summary,
    text,
    ...(others.length > 0 && { doubled: others }),
  }
}

export async function recordOf(context: Context, identity: RequestIdentity): Promise<RecordedRequest> {
  const merge = await mergeOf(context, identity.pull)
  if (merge === undefined) return {}
  const { mergeSha } = merge
  const record = await findRecord(context, mergeSha, identity)
  return { mergeSha, ...(record ? { record } : {}) }
}

export async function writeRecord(
  context: Context,
  mergeSha: string,
  identity: RequestIdentity,
  existing: GrantRecord | undefined,
  state: RecordState,
  report: CheckReport,
): Promise<GrantRecord> {
  for (const double of existing?.doubled ?? []) await closeDouble(context, mergeSha, double)
  const completed = existing?.completed === true || 'conclusion' in STATES[state]
  if (existing?.state === state && existing.completed === completed && shows(existing, report))
    return { ...existing, doubled: [] }
  const externalId = `${state}:${identityHash(identity)}`
  const check = {
    name: GRANT_CHECK,
    headSha: mergeSha,
    externalId,
    state: STATES[state],
    report,
    ...(state === 'granted' && { button: END_ACCESS }),
  }
  if (existing) await updateCheck(context, existing.checkRunId, check, existing.completed)
  const checkRunId = existing?.checkRunId ?? (await createCheck(context, check))
  const { title, summary, text } = report
  return { checkRunId, completed, state, title, summary, text }
}

const END_ACCESS: Button = {
  label: END_BUTTON,
  description: 'Ends it in AWS at once, for good',
  identifier: END_ACTION,
}

/** Nothing can delete a check run, so one that was written twice says that it is the other one that counts. */
async function closeDouble(
  context: Context,
  headSha: string,
  { checkRunId, completed }: RecordRun,
): Promise<void> {
  const title = 'Written twice'
  const summary =
    'Two processes wrote this check at once. The other one of this name, on this commit, counts.'
  const report = { title, summary, annotations: [] }
  const state = { conclusion: 'neutral' } as const
  const check = { name: GRANT_CHECK, headSha, externalId: 'double', state, report }
  await updateCheck(context, checkRunId, check, completed)
}

function isRecordState(state: string | undefined): state is RecordState {
  return state !== undefined && Object.hasOwn(STATES, state)
}
