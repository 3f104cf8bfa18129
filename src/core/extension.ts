/** An extension: a pull request that makes the duration of a request longer, and what it must leave alone. */
import { isDeepStrictEqual } from 'node:util'
import type { MergedPull, Person } from './evidence.ts'
import type { Mistake, Problem } from './problem.ts'
import type { RequestRecord } from './record.ts'
import type { AccessRequest, LocatedRequest, RequestField, RequestLocation } from './request.ts'
import type { Terms } from './rules.ts'
import { quote } from './text.ts'
import type { Verdict } from './verdict.ts'
import { formatDuration, formatInstant, phaseOf } from './window.ts'

/** What decides who gets in where; reason and ticket may say why it takes longer. */
const KEPT = ['requester', 'access', 'prefixes', 'start'] as const satisfies readonly RequestField[]

/** What keeps a changed request from being an extension of the one that was there. */
export function extensionProblems(
  before: AccessRequest,
  { request, at }: LocatedRequest,
  { path }: RequestLocation,
): readonly Problem[] {
  const problems: Problem[] = KEPT.filter((field) => !isDeepStrictEqual(before[field], request[field])).map(
    (field) => ({ file: path, ...at(field), ...changed(field) }),
  )
  if (request.durationSeconds > before.durationSeconds) return problems
  return [...problems, { file: path, ...at('duration'), ...notLonger(before, request) }]
}

function changed(field: RequestField): Mistake {
  return {
    code: 'extension-changes-more',
    message: `An extension leaves ${quote(field)} as it was.`,
    fix: `Put ${quote(field)} back and change ${quote('duration')} only, or add a request of its own.`,
  }
}

function notLonger(before: AccessRequest, { durationSeconds }: AccessRequest): Mistake {
  const was = formatDuration(before.durationSeconds)
  return {
    code: 'extension-not-longer',
    message: `${quote(formatDuration(durationSeconds))} is no longer than the ${quote(was)} that were approved.`,
    fix: `Count from the start of the window, so more than ${quote(was)}; to end access sooner, give it back or delete the file.`,
  }
}

/** Why a window can't be made longer: a stable code, a sentence and a way out. */
export interface ExtensionRefusal {
  readonly code: string
  readonly message: string
  readonly fix: string
}

const AGAIN = 'Open a new request, as a new file.'

export const NOTHING_TO_EXTEND: ExtensionRefusal = {
  code: 'nothing-to-extend',
  message: 'The access that this would extend is over, or was never given.',
  fix: AGAIN,
}

/** Whether there is still a window that can be made longer. `now`: seconds since the epoch. */
export function findTooLate(
  { window }: Pick<RequestRecord, 'window'>,
  now: number,
): ExtensionRefusal | undefined {
  if (phaseOf(window, now) !== 'over') return undefined
  const message = `The window was over at ${formatInstant(window.end)}, before it was extended.`
  return { code: 'extension-too-late', message, fix: AGAIN }
}

/** What is asked by an approved pull request of somebody, for an access that is on record. */
export interface ExtensionAsked {
  readonly pull: Pick<MergedPull, 'number'> & { readonly author: Person }
  readonly blob: string
  readonly request: AccessRequest
  readonly terms: Terms
  readonly verdict: Verdict & { readonly outcome: 'approved' }
}

/** What is on record once it holds. The window keeps its start; who and where stay as they were judged. */
export function extend(
  judged: RequestRecord,
  { pull, blob, request, terms, verdict }: ExtensionAsked,
): RequestRecord | ExtensionRefusal {
  if (pull.author.id !== judged.author.id || !isDeepStrictEqual(terms.principal, judged.principal)) {
    const message = `It was not asked for by the ${judged.author.login} that the access was given to, or the rules say by now that this is somebody else in AWS.`
    return { code: 'extended-by-another', message, fix: AGAIN }
  }
  const { start, end } = judged.window
  const until = start + request.durationSeconds
  const { reason, ticket } = request
  return {
    ...judged,
    blob,
    request: { ...judged.request, durationSeconds: request.durationSeconds },
    window: { start, end: until },
    extensions: [
      ...(judged.extensions ?? []),
      {
        pull: pull.number,
        from: end,
        until,
        reason,
        ...(ticket !== undefined && { ticket }),
        approvals: [...verdict.approvals],
        mergedBy: verdict.mergedBy,
      },
    ],
  }
}
