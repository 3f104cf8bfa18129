/** Check runs: only the app makes and changes them; people may ask for a new run or press a button. */
import { type Need, reads } from './access.ts'
import { type CheckState, checkState, shownActions } from './check-state.ts'
import { checkRunEvent, checkSuiteEvent } from './events.ts'
import { invalid, notFound, Refused } from './failure.ts'
import type { Input } from './input.ts'
import { choice, paginate } from './pages.ts'
import { presentAnnotation, presentCheckRun } from './present-check.ts'
import { suiteAt } from './ref-moves.ts'
import { commitNamed } from './revisions.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import {
  type Annotation,
  CHECK_CONCLUSIONS,
  CHECK_STATUSES,
  type CheckAction,
  type CheckRun,
} from './world.ts'

const APP_ONLY: Need = { app: [{ name: 'checks', access: 'write' }], user: 'write', appOnly: true }
const RERUN: Need = { app: [{ name: 'checks', access: 'write' }], user: 'write' }

/** Bytes. */
const LONGEST_TEXT = 65_535
const ANNOTATIONS_A_REQUEST = 50
const MOST_ACTIONS = 3

export const checkRoutes: Route[] = [
  repositoryRoute('GET', '/commits/*ref/check-runs', reads('checks'), listRuns),
  repositoryRoute('POST', '/check-runs', APP_ONLY, createRun),
  repositoryRoute('GET', '/check-runs/:id', reads('checks'), (call) => ({
    status: 200,
    body: presentCheckRun(call.world, call.repository, findRun(call)),
  })),
  repositoryRoute('PATCH', '/check-runs/:id', APP_ONLY, updateRun),
  repositoryRoute('GET', '/check-runs/:id/annotations', reads('checks'), (call) => {
    const run = findRun(call)
    const { items, page } = paginate(run.annotations, call.query)
    return {
      status: 200,
      body: items.map((item) => presentAnnotation(call.world, call.repository, run, item)),
      page,
    }
  }),
  repositoryRoute('POST', '/check-suites/:id/rerequest', RERUN, async (call) => {
    const id = call.number('id')
    const suite = [...call.repository.checkSuites.values()].find((candidate) => candidate.id === id)
    if (!suite) throw notFound()
    suite.rerequested = true
    await checkSuiteEvent(call.world, call.repository, suite, named(call.actor).user, 'rerequested')
    return { status: 201, body: {} }
  }),
  repositoryRoute('POST', '/check-runs/:id/rerequest', RERUN, (call) => {
    const run = findRun(call)
    // The run stays as it is: what becomes of it is for the app to decide.
    run.suite.rerequested = true
    checkRunEvent(call.world, call.repository, run, named(call.actor).user, 'rerequested')
    return { status: 201, body: {} }
  }),
]

/** The buttons under a check run; on GitHub they exist only on the page, so the path is the sandbox's own. */
export const actionButtonRoutes: Route[] = [
  repositoryRoute('GET', '/runs/:id/actions', reads('checks'), (call) => ({
    status: 200,
    body: { actions: shownActions(call.world, findRun(call)) },
  })),
  repositoryRoute('POST', '/runs/:id/actions', RERUN, pressButton),
]

function pressButton(call: RepositoryCall): Answer {
  const run = findRun(call)
  const { user, kind } = named(call.actor)
  if (kind !== 'user') throw new Refused(403, 'Only people press buttons.')
  const identifier = call.input('CheckRun').text('identifier')
  if (!shownActions(call.world, run).some((action) => action.identifier === identifier))
    throw invalid('CheckRun', 'identifier', 'invalid')
  checkRunEvent(call.world, call.repository, run, user, 'requested_action', {
    requested_action: { identifier },
  })
  return { status: 202, body: {} }
}

function findRun(call: RepositoryCall): CheckRun {
  const run = call.repository.checkRuns.get(call.number('id'))
  if (!run || !isKept(call, run)) throw notFound()
  return run
}

/** Milliseconds: checks are kept as long as what Actions leaves behind, which is 90 days where nobody set it otherwise. */
const RETENTION = 90 * 86_400_000

function isKept({ world }: RepositoryCall, { startedAt }: CheckRun): boolean {
  return world.clock.now() - startedAt < RETENTION
}

async function listRuns(call: RepositoryCall): Promise<Answer> {
  const { world, repository, query, param } = call
  const { sha } = await commitNamed(repository, param('ref'))
  const name = query.get('check_name')
  const status = choice(query, 'status', CHECK_STATUSES)
  const appId = query.get('app_id')
  const runs = [...repository.checkRuns.values()].filter(
    (run) =>
      run.headSha === sha &&
      isKept(call, run) &&
      (name === null || run.name === name) &&
      (appId === null || appId === String(world.app.id)),
  )
  const all = choice(query, 'filter', ['latest', 'all']) === 'all'
  const shown = (all ? runs : latestOfEachName(runs)).filter(
    (run) => status === undefined || checkState(world, run).status === status,
  )
  const { items, page } = paginate(shown, query)
  const check_runs = items.map((run) => presentCheckRun(world, repository, run))
  return { status: 200, body: { total_count: shown.length, check_runs }, page }
}

function latestOfEachName(runs: readonly CheckRun[]): CheckRun[] {
  return [...new Map(runs.map((run) => [run.name, run])).values()]
}

async function createRun(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const input = call.input('CheckRun')
  const name = input.text('name')
  const { sha } = await commitNamed(repository, input.text('head_sha'))
  if (sha !== input.string('head_sha'))
    throw new Refused(422, `No commit found for SHA: ${input.string('head_sha')}`)
  const run: CheckRun = {
    id: world.nextId(),
    headSha: sha,
    suite: suiteAt(world, repository, sha),
    name,
    externalId: '',
    detailsUrl: undefined,
    status: 'queued',
    conclusion: null,
    startedAt: input.optionalDate('started_at') ?? world.clock.now(),
    completedAt: undefined,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  }
  change(call, run, input)
  repository.checkRuns.set(run.id, run)
  run.suite.rerequested = false
  checkRunEvent(world, repository, run, named(call.actor).user, 'created')
  if (run.status === 'completed') checkRunEvent(world, repository, run, named(call.actor).user, 'completed')
  const body = presentCheckRun(world, repository, run)
  return { status: 201, body, headers: { location: String(body.url) } }
}

function updateRun(call: RepositoryCall): Answer {
  const { world, repository } = call
  const run = findRun(call)
  const input = call.input('CheckRun')
  const wasCompleted = checkState(world, run).status === 'completed'
  if (wasCompleted) refuseNewState(checkState(world, run), input)
  change(call, run, input)
  run.suite.rerequested = false
  if (run.status === 'completed' && !wasCompleted) {
    checkRunEvent(world, repository, run, named(call.actor).user, 'completed')
  }
  return { status: 200, body: presentCheckRun(world, repository, run) }
}

/** Once completed, a run keeps its status and its conclusion; all else of it can be changed. */
function refuseNewState(state: CheckState, input: Input): void {
  const conclusion = input.oneOf('conclusion', CHECK_CONCLUSIONS) ?? state.conclusion
  const status = input.oneOf('status', CHECK_STATUSES) ?? state.status
  for (const [field, isKept] of [
    ['conclusion', conclusion === state.conclusion],
    ['status', status === state.status],
  ] as const)
    if (!isKept) throw invalid('CheckRun', field, 'invalid', `${field} of a completed check run is final`)
}

/** Reads everything before it changes anything: a refused request leaves the run as it was. */
function change({ world }: RepositoryCall, run: CheckRun, input: Input): void {
  const name = input.has('name') ? input.text('name') : run.name
  const conclusion = input.oneOf('conclusion', CHECK_CONCLUSIONS)
  const status = conclusion ? 'completed' : (input.oneOf('status', CHECK_STATUSES) ?? run.status)
  if (status === 'completed' && !conclusion && run.conclusion === null) {
    throw invalid('CheckRun', 'conclusion', 'missing_field')
  }
  const completedAt = input.optionalDate('completed_at')
  const output = input.object('output')
  const read = output && readOutput(output, run)
  const annotations = output ? readAnnotations(output) : []
  const actions = readActions(input) ?? run.actions
  run.name = name
  run.status = status
  run.conclusion = status === 'completed' ? (conclusion ?? run.conclusion) : null
  run.completedAt = status === 'completed' ? (completedAt ?? run.completedAt ?? world.clock.now()) : undefined
  run.externalId = input.optionalString('external_id') ?? run.externalId
  run.detailsUrl = input.optionalString('details_url') ?? run.detailsUrl
  if (read) run.output = read
  run.annotations.push(...annotations)
  run.actions = actions
}

function readOutput(output: Input, run: CheckRun): CheckRun['output'] {
  return {
    title: output.optionalString('title') ?? run.output.title ?? output.text('title'),
    summary: output.boundedBytes('summary', LONGEST_TEXT) ?? output.string('summary'),
    text: output.boundedBytes('text', LONGEST_TEXT) ?? null,
  }
}

/** Each request adds to the annotations that are there. */
function readAnnotations(output: Input): Annotation[] {
  const items = output.objects('annotations') ?? []
  if (items.length > ANNOTATIONS_A_REQUEST) {
    throw invalid(
      'CheckRun',
      'annotations',
      'invalid',
      `annotations may be at most ${ANNOTATIONS_A_REQUEST} a request`,
    )
  }
  return items.map(readAnnotation)
}

function readAnnotation(item: Input): Annotation {
  const annotation: Annotation = {
    path: item.text('path'),
    startLine: item.integer('start_line'),
    endLine: item.integer('end_line'),
    startColumn: item.optionalInteger('start_column') ?? null,
    endColumn: item.optionalInteger('end_column') ?? null,
    level: item.oneOf('annotation_level', ['notice', 'warning', 'failure']) ?? missing('annotation_level'),
    message: item.text('message'),
    title: item.boundedString('title', 255) ?? null,
    rawDetails: item.boundedString('raw_details', 65_536) ?? null,
  }
  if (annotation.startLine < 1 || annotation.endLine < annotation.startLine) missing('end_line')
  if (annotation.startColumn !== null && annotation.startLine !== annotation.endLine) {
    throw invalid('CheckRun', 'start_column', 'invalid', 'columns are only for annotations of one line')
  }
  return annotation
}

function missing(field: string): never {
  throw invalid('CheckRun', field, 'invalid')
}

function readActions(input: Input): CheckAction[] | undefined {
  const items = input.objects('actions')
  if (items && items.length > MOST_ACTIONS) {
    throw invalid('CheckRun', 'actions', 'invalid', `Only ${MOST_ACTIONS} actions are allowed`)
  }
  return items?.map((item) => ({
    label: item.boundedString('label', 20) ?? missing('label'),
    description: item.boundedString('description', 40) ?? missing('description'),
    identifier: item.boundedString('identifier', 20) ?? missing('identifier'),
  }))
}
