/** Writes check runs: cut to GitHub's limits, annotations in batches, and only ever the app's own. */
import type { Annotation, CheckReport } from '../core/report.ts'
import type { ApprovalReport } from '../core/report-approval.ts'
import { RULES_PATH } from '../core/rules.ts'
import type { ApprovalCheck } from '../ports.ts'
import type { Context } from './context.ts'
import { write } from './failures.ts'
import { APPROVAL_CHECK, REQUEST_CHECK, RULES_CHECK } from './names.ts'
import { lastTouch } from './touches.ts'

const MOST_BYTES = 65_535
const MOST_ANNOTATIONS = 50
const CUT = '\n\n_Cut here: GitHub shows no more._'

export type Conclusion = 'success' | 'failure' | 'neutral'
export type CheckState = { readonly status: 'queued' | 'in_progress' } | { readonly conclusion: Conclusion }

export interface Check {
  readonly name: string
  readonly headSha: string
  readonly externalId: string
  readonly state: CheckState
  readonly report: CheckReport
  readonly button?: Button
}

/** People with write access can press it; the app hears who did. */
export interface Button {
  /** At most 20 characters. */
  readonly label: string
  /** At most 40 characters. */
  readonly description: string
  /** At most 20 characters. */
  readonly identifier: string
}

/** Returns the check run's id. */
export async function createCheck({ octokit, at }: Context, check: Check): Promise<number> {
  const { checks } = octokit.rest
  const what = `writing the check "${check.name}" on ${check.headSha} of ${at.owner}/${at.repo}`
  const [first = [], ...more] = batches(check.report.annotations)
  const external = { external_id: check.externalId }
  // The state and the external id come with the last batch: until then a crash leaves a check that is written anew.
  const opening =
    more.length === 0 ? { ...stateOf(check.state), ...external } : { status: 'in_progress' as const }
  return write(what, async () => {
    const { data } = await checks.create({
      ...at,
      name: check.name,
      head_sha: check.headSha,
      ...opening,
      ...(check.button && { actions: [check.button] }),
      output: outputOf(check.report, first),
    })
    for (const [index, batch] of more.entries()) {
      const closing = index === more.length - 1 ? { ...stateOf(check.state), ...external } : {}
      await checks.update({ ...at, check_run_id: data.id, ...closing, output: outputOf(check.report, batch) })
    }
    return data.id
  })
}

/**
 * Annotations are added to those that stand, so an update brings none. `completed`: whether the run is completed already;
 * GitHub changes neither status nor conclusion then.
 */
export async function updateCheck(
  { octokit, at }: Context,
  id: number,
  check: Check,
  completed: boolean,
): Promise<void> {
  const what = `bringing the check "${check.name}" on ${check.headSha} of ${at.owner}/${at.repo} up to date`
  await write(what, () =>
    octokit.rest.checks.update({
      ...at,
      check_run_id: id,
      external_id: check.externalId,
      ...(completed ? {} : stateOf(check.state)),
      // An empty list takes the button away.
      actions: check.button ? [check.button] : [],
      output: outputOf(check.report, []),
    }),
  )
}

export interface CheckRun {
  readonly id: number
  readonly externalId: string | undefined
  readonly completed: boolean
  readonly conclusion: string | undefined
  readonly title: string | undefined
  readonly summary: string | undefined
  readonly text: string | undefined
}

/** The app's check runs of one name on a commit, also those that a newer one hides; the oldest first. */
export async function listChecks(
  { octokit, target, at, reads }: Context,
  sha: string,
  name: string,
): Promise<CheckRun[]> {
  const what = `the checks "${name}" on ${sha} of ${at.owner}/${at.repo}`
  const parameters = {
    ...at,
    ref: sha,
    check_name: name,
    filter: 'all' as const,
    app_id: target.appId,
    per_page: 100,
  }
  const runs = await reads.all(
    what,
    octokit.rest.checks.listForRef,
    parameters,
    ({ check_runs }) => check_runs,
  )
  return runs
    .filter((run) => run.app?.id === target.appId && run.name === name)
    .map((run) => ({
      id: run.id,
      externalId: run.external_id ?? undefined,
      completed: run.status === 'completed' || (run.conclusion ?? undefined) !== undefined,
      conclusion: run.conclusion ?? undefined,
      title: run.output.title ?? undefined,
      summary: run.output.summary ?? undefined,
      text: run.output.text ?? undefined,
    }))
    .sort((a, b) => a.id - b.id)
}

export async function writeRequestCheck(
  context: Context,
  headSha: string,
  externalId: string,
  conclusion: Conclusion,
  report: CheckReport,
): Promise<void> {
  await createCheck(context, { name: REQUEST_CHECK, headSha, externalId, state: { conclusion }, report })
}

/** One left open was not written to its end, and says nothing. */
export async function lastRequestCheck(context: Context, headSha: string): Promise<string | undefined> {
  const newest = (await listChecks(context, headSha, REQUEST_CHECK)).at(-1)
  return newest?.completed ? newest.externalId : undefined
}

const APPROVAL_STATES: Readonly<Record<ApprovalReport['state'], CheckState>> = {
  pending: { status: 'in_progress' },
  success: { conclusion: 'success' },
  neutral: { conclusion: 'neutral' },
}

export async function lastApprovalCheck(
  context: Context,
  headSha: string,
): Promise<ApprovalCheck | undefined> {
  const newest = (await listChecks(context, headSha, APPROVAL_CHECK)).at(-1)
  // One that was open for two weeks GitHub completes itself.
  if (newest === undefined || newest.conclusion === 'stale') return undefined
  return { checkRunId: newest.id, externalId: newest.externalId, completed: newest.completed }
}

/** One that waits is carried on; one that is done stays as it was, under the new one. */
export async function writeApprovalCheck(
  context: Context,
  headSha: string,
  externalId: string,
  last: ApprovalCheck | undefined,
  { state, ...report }: ApprovalReport,
): Promise<void> {
  const check = { name: APPROVAL_CHECK, headSha, externalId, state: APPROVAL_STATES[state], report }
  if (last === undefined || last.completed) await createCheck(context, check)
  else await updateCheck(context, last.checkRunId, check, last.completed)
}

const BROKEN = 'broken'

/** Once, on the commit that gave the rules the text they have. */
export async function reportBrokenRules(context: Context, head: string, report: CheckReport): Promise<void> {
  const commit = (await lastTouch(context, head, RULES_PATH)) ?? head
  const reported = await listChecks(context, commit, RULES_CHECK)
  // Written to its end: GitHub completes by itself one that was not.
  if (reported.some(({ externalId }) => externalId === BROKEN)) return
  const state = { conclusion: 'failure' } as const
  await createCheck(context, { name: RULES_CHECK, headSha: commit, externalId: BROKEN, state, report })
}

/** Whether a check run shows this report already, so that it need not be written. */
export function shows(
  run: { readonly title?: string; readonly summary?: string; readonly text?: string },
  report: CheckReport,
): boolean {
  const { title, summary, text } = outputOf(report, [])
  return run.title === title && run.summary === summary && (text === undefined || run.text === text)
}

function stateOf(state: CheckState) {
  return 'conclusion' in state ? { status: 'completed' as const, ...state } : state
}

function outputOf({ title, summary, text }: CheckReport, annotations: readonly Annotation[]) {
  return {
    title,
    summary: shortenedToBytes(summary, MOST_BYTES),
    ...(text === undefined ? {} : { text: shortenedToBytes(text, MOST_BYTES) }),
    ...(annotations.length === 0 ? {} : { annotations: annotations.map(annotationOf) }),
  }
}

function annotationOf({ path, line, column, title, message }: Annotation) {
  return {
    path,
    start_line: line,
    end_line: line,
    start_column: column,
    end_column: column,
    annotation_level: 'failure' as const,
    title,
    message,
  }
}

function batches(annotations: readonly Annotation[]): Annotation[][] {
  const count = Math.ceil(annotations.length / MOST_ANNOTATIONS)
  return Array.from({ length: count }, (_, i) =>
    annotations.slice(i * MOST_ANNOTATIONS, (i + 1) * MOST_ANNOTATIONS),
  )
}

/** Says that something is missing rather than to end in mid-sentence, and never cuts a character in two. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - CUT.length).replace(/[\uD800-\uDBFF]$/, '')}${CUT}`
}

/** The same, where GitHub counts bytes. */
function shortenedToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= most) return text
  const kept = bytes.subarray(0, most - Buffer.byteLength(CUT))
  // What is left of a character at the end waits for more, and so is dropped.
  return `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(kept, { stream: true })}${CUT}`
}
