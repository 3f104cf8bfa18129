/** Issues and labels; every pull request is an issue too. */
import { atLeast, holds, levelOf, type Need } from './access.ts'
import { labelEvent, pullEvent } from './events.ts'
import { invalid, notAccessible, notFound, Refused } from './failure.ts'
import { reopenPull } from './open-pull.ts'
import { choice, dateParameter, paginate } from './pages.ts'
import { presentEvent, presentIssue, presentLabel } from './present-issue.ts'
import { closeIssue, closePull, record, reopenIssue } from './pulls.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { timeline } from './timeline.ts'
import {
  type Issue,
  isPull,
  type Label,
  nextNumber,
  type Repository,
  type User,
  userNamed,
  type World,
} from './world.ts'

/** On a pull request the permission for pull requests does as well. */
export function issueNeed(access: 'read' | 'write', user: Need['user']): Need {
  return {
    app: [
      { name: 'issues', access },
      { name: 'pull_requests', access },
    ],
    user,
  }
}

export const issueRoutes: Route[] = [
  repositoryRoute('GET', '/issues', issueNeed('read', 'read'), listIssues),
  repositoryRoute(
    'POST',
    '/issues',
    { app: [{ name: 'issues', access: 'write' }], user: 'read' },
    createIssue,
  ),
  repositoryRoute('GET', '/issues/:number', issueNeed('read', 'read'), (call) => ({
    status: 200,
    body: presentIssue(call.world, call.repository, findIssue(call, 'read')),
  })),
  repositoryRoute('PATCH', '/issues/:number', issueNeed('write', 'read'), updateIssue),
  repositoryRoute('GET', '/issues/:number/events', issueNeed('read', 'read'), (call) => {
    const { items, page } = paginate(findIssue(call, 'read').events, call.query)
    return { status: 200, body: items.map((event) => presentEvent(call.world, call.repository, event)), page }
  }),
  repositoryRoute('GET', '/issues/:number/timeline', issueNeed('read', 'read'), async (call) => {
    const { items, page } = paginate(
      await timeline(call.world, call.repository, findIssue(call, 'read')),
      call.query,
    )
    return { status: 200, body: items, page }
  }),
  repositoryRoute('GET', '/issues/:number/labels', issueNeed('read', 'read'), (call) => {
    const { items, page } = paginate(findIssue(call, 'read').labels, call.query)
    return { status: 200, body: items.map((label) => presentLabel(call.world, call.repository, label)), page }
  }),
  repositoryRoute('POST', '/issues/:number/labels', issueNeed('write', 'triage'), addLabels),
  repositoryRoute('DELETE', '/issues/:number/labels/:name', issueNeed('write', 'triage'), (call) => {
    const issue = findIssue(call, 'write')
    const name = call.param('name').toLowerCase()
    const label = issue.labels.find((candidate) => candidate.name.toLowerCase() === name)
    if (!label) throw new Refused(404, 'Label does not exist')
    issue.labels = issue.labels.filter((kept) => kept !== label)
    record(call.world, issue, { event: 'unlabeled', actor: named(call.actor).user, label })
    return { status: 200, body: issue.labels.map((left) => presentLabel(call.world, call.repository, left)) }
  }),
  repositoryRoute('POST', '/labels', issueNeed('write', 'write'), createLabel),
]

export function findIssue(call: RepositoryCall, access: 'read' | 'write'): Issue {
  const issue = call.repository.issues.get(call.number('number'))
  if (!issue) throw notFound()
  demandIssueAccess(call, issue, access)
  return issue
}

/** The permission for pull requests does not reach plain issues. */
export function demandIssueAccess({ actor }: RepositoryCall, issue: Issue, access: 'read' | 'write'): void {
  if (actor.kind !== 'installation' || issue.pull) return
  if (!holds(actor.grant.permissions, { name: 'issues', access })) throw notAccessible()
}

function listIssues(call: RepositoryCall): Answer {
  const { world, repository, query, actor } = call
  for (const field of ['milestone', 'assignee', 'type', 'mentioned', 'issue_field_values']) {
    if (query.has(field)) throw invalid('Search', field, 'invalid', `the sandbox does not filter by ${field}`)
  }
  const state = choice(query, 'state', ['open', 'closed', 'all']) ?? 'open'
  const sort = choice(query, 'sort', ['created', 'updated']) ?? 'created'
  const since = dateParameter(query, 'since') ?? Number.NEGATIVE_INFINITY
  const creator = query.get('creator')?.toLowerCase()
  const labels = query.get('labels')?.split(',').filter(Boolean) ?? []
  const onlyPulls = actor.kind === 'installation' && actor.grant.permissions.issues === undefined
  const found = [...repository.issues.values()].filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      (!onlyPulls || issue.pull !== undefined) &&
      issue.updatedAt >= since &&
      (creator === undefined || issue.user.login.toLowerCase() === creator) &&
      labels.every((name) => issue.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())),
  )
  const key = (issue: Issue) => (sort === 'updated' ? issue.updatedAt : issue.createdAt)
  found.sort((a, b) => key(a) - key(b) || a.number - b.number)
  if (choice(query, 'direction', ['asc', 'desc']) !== 'asc') found.reverse()
  const { items, page } = paginate(found, query)
  return { status: 200, body: items.map((issue) => presentIssue(world, repository, issue)), page }
}

function createIssue(call: RepositoryCall): Answer {
  const { world, repository } = call
  const { user } = named(call.actor)
  const input = call.input('Issue')
  const at = world.clock.now()
  const issue: Issue = {
    id: world.nextId(),
    number: nextNumber(repository),
    title: input.text('title'),
    body: input.boundedString('body', 65_536) ?? null,
    user,
    state: 'open',
    stateReason: null,
    labels: labelsNamed(call, input.items('labels') ?? []),
    assignees: assigneesNamed(call, input.strings('assignees') ?? []),
    createdAt: at,
    updatedAt: at,
    closedAt: undefined,
    closedBy: undefined,
    events: [],
    pull: undefined,
  }
  repository.issues.set(issue.number, issue)
  const body = presentIssue(world, repository, issue)
  world.emit({ name: 'issues', repository, sender: user, payload: { action: 'opened', issue: body } })
  return { status: 201, body, headers: { location: String(body.url) } }
}

async function updateIssue(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findIssue(call, 'write')
  const actor = named(call.actor)
  const own = actor.user === issue.user
  if (actor.kind === 'user' && !own && !atLeast(levelOf(world, repository, actor.user), 'triage')) {
    throw new Refused(403, 'Must have triage access to Repository.')
  }
  const input = call.input('Issue')
  const state = input.oneOf('state', ['open', 'closed'])
  const reason = input.oneOf('state_reason', ['completed', 'not_planned', 'duplicate', 'reopened'])
  const changes = editIssue(
    world,
    issue,
    actor.user,
    input.optionalString('title'),
    input.boundedString('body', 65_536),
  )
  const labels = input.items('labels')
  if (labels) issue.labels = labelsNamed(call, labels)
  const assignees = input.strings('assignees')
  if (assignees) issue.assignees = assigneesNamed(call, assignees)
  if (Object.keys(changes).length > 0) await emitEdited(world, repository, issue, actor.user, changes)
  if (state === 'closed' && issue.state === 'open')
    await close(world, repository, issue, actor.user, reason ?? 'completed')
  if (state === 'open' && issue.state === 'closed') {
    if (isPull(issue)) await repository.lock.run(() => reopenPull(call, issue, actor.user))
    else reopenIssue(world, issue, actor.user)
  }
  return { status: 200, body: presentIssue(world, repository, issue) }
}

function close(
  world: World,
  repository: Repository,
  issue: Issue,
  actor: User,
  reason: Issue['stateReason'],
) {
  if (isPull(issue)) return closePull(world, repository, issue, actor)
  return closeIssue(world, issue, actor, reason)
}

function editIssue(
  world: World,
  issue: Issue,
  actor: User,
  title: string | undefined,
  body: string | undefined,
) {
  const changes: Record<string, unknown> = {}
  if (title !== undefined && title !== issue.title) {
    if (title.trim() === '') throw invalid('Issue', 'title', 'missing_field')
    changes.title = { from: issue.title }
    record(world, issue, { event: 'renamed', actor, rename: { from: issue.title, to: title } })
    issue.title = title
  }
  if (body !== undefined && body !== issue.body) {
    changes.body = { from: issue.body ?? '' }
    issue.body = body
    issue.updatedAt = world.clock.now()
  }
  return changes
}

async function emitEdited(world: World, repository: Repository, issue: Issue, sender: User, changes: object) {
  if (isPull(issue)) return pullEvent(world, repository, issue, sender, 'edited', { changes })
  const payload = { action: 'edited', issue: presentIssue(world, repository, issue), changes }
  world.emit({ name: 'issues', repository, sender, payload })
}

async function addLabels(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findIssue(call, 'write')
  const actor = named(call.actor).user
  // GitHub takes the bare list too.
  const wanted = Array.isArray(call.body) ? call.body : (call.input('Label').items('labels') ?? [])
  const added = labelsNamed(call, wanted).filter((label) => !issue.labels.includes(label))
  for (const label of added) {
    issue.labels.push(label)
    record(world, issue, { event: 'labeled', actor, label })
    if (isPull(issue)) await labelEvent(world, repository, issue, actor, label)
  }
  return { status: 200, body: issue.labels.map((label) => presentLabel(world, repository, label)) }
}

/** Labels by name, as strings or objects; one that does not exist yet is made, as GitHub does. */
function labelsNamed({ world, repository }: RepositoryCall, items: readonly unknown[]): Label[] {
  return items.map((item) => {
    const name = typeof item === 'string' ? item : nameOf(item)
    if (!name) throw invalid('Label', 'name', 'missing_field')
    return repository.labels.get(name.toLowerCase()) ?? addLabel(world, repository, name, 'ededed', null)
  })
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('name' in item)) return undefined
  return typeof item.name === 'string' ? item.name : undefined
}

function assigneesNamed({ world }: RepositoryCall, logins: readonly string[]): User[] {
  return logins.flatMap((login) => userNamed(world, login) ?? [])
}

function addLabel(
  world: World,
  repository: Repository,
  name: string,
  color: string,
  description: string | null,
): Label {
  if ([...name].length > 50)
    throw invalid('Label', 'name', 'invalid', 'name is too long (maximum is 50 characters)')
  const label = { id: world.nextId(), name, color, description }
  repository.labels.set(name.toLowerCase(), label)
  return label
}

function createLabel(call: RepositoryCall): Answer {
  const { world, repository } = call
  const input = call.input('Label')
  const name = input.text('name')
  if (repository.labels.has(name.toLowerCase())) throw invalid('Label', 'name', 'already_exists')
  const color = input.optionalString('color') ?? 'ededed'
  if (!/^[0-9a-fA-F]{6}$/.test(color)) throw invalid('Label', 'color', 'invalid')
  const label = addLabel(world, repository, name, color, input.boundedString('description', 100) ?? null)
  const body = presentLabel(world, repository, label)
  return { status: 201, body, headers: { location: String(body.url) } }
}
