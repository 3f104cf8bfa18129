/** Who moved which ref, newest first, in pages led by cursors. */
import { reads } from './access.ts'
import { Refused } from './failure.ts'
import { choice, pageRequest } from './pages.ts'
import { nodeId, presentAccount, timestamp } from './present-account.ts'
import { repositoryUrl } from './present-repository.ts'
import { type Answer, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { ACTIVITY_TYPES, type Activity, type World } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const PERIODS = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
  quarter: 92 * DAY_MS,
  year: 366 * DAY_MS,
}
const PERIOD_NAMES = ['day', 'week', 'month', 'quarter', 'year'] as const

export const activityRoutes: Route[] = [repositoryRoute('GET', '/activity', reads('contents'), listActivity)]

function listActivity(call: RepositoryCall): Answer {
  const { world, query, repository } = call
  const newestFirst = choice(query, 'direction', ['asc', 'desc']) !== 'asc'
  const found = repository.activity.filter(wanted(call))
  if (newestFirst) found.reverse()
  const { size } = pageRequest(query)
  const start = startIndex(found, query, size)
  const shown = found.slice(start, start + size)
  const link = [
    ...(start + size < found.length ? [linkTo(call, 'after', shown.at(-1), 'next')] : []),
    ...(start > 0 ? [linkTo(call, 'before', shown[0], 'prev')] : []),
  ].join(', ')
  return {
    status: 200,
    body: shown.map((activity) => presentActivity(world, activity)),
    ...(link ? { headers: { link } } : {}),
  }
}

function wanted({ query, world }: RepositoryCall): (activity: Activity) => boolean {
  const ref = query.get('ref')
  const actor = query.get('actor')?.toLowerCase()
  const type = choice(query, 'activity_type', ACTIVITY_TYPES)
  const period = choice(query, 'time_period', PERIOD_NAMES)
  const since = period === undefined ? Number.NEGATIVE_INFINITY : world.clock.now() - PERIODS[period]
  return (activity) =>
    (ref === null || activity.ref === ref || activity.ref === `refs/heads/${ref}`) &&
    (actor === undefined || activity.actor.login.toLowerCase() === actor) &&
    (type === undefined || activity.type === type) &&
    activity.at >= since
}

function startIndex(found: readonly Activity[], query: URLSearchParams, size: number): number {
  const after = indexOfCursor(found, query.get('after'))
  if (after !== undefined) return after + 1
  const before = indexOfCursor(found, query.get('before'))
  return before === undefined ? 0 : Math.max(0, before - size)
}

function indexOfCursor(found: readonly Activity[], cursor: string | null): number | undefined {
  if (cursor === null) return undefined
  const id = Number(Buffer.from(cursor, 'base64url').toString())
  const index = found.findIndex((activity) => activity.id === id)
  if (index < 0) throw new Refused(422, 'Invalid cursor')
  return index
}

function linkTo(
  call: RepositoryCall,
  direction: 'after' | 'before',
  at: Activity | undefined,
  rel: string,
): string {
  const url = new URL(repositoryUrl(call.world, call.repository, '/activity'))
  for (const [name, value] of call.query) {
    if (name !== 'after' && name !== 'before') url.searchParams.set(name, value)
  }
  url.searchParams.set(direction, Buffer.from(String(at?.id)).toString('base64url'))
  return `<${url.href}>; rel="${rel}"`
}

function presentActivity(world: World, activity: Activity) {
  return {
    id: activity.id,
    node_id: nodeId('PushEvent', activity.id),
    before: activity.before,
    after: activity.after,
    ref: activity.ref,
    timestamp: timestamp(activity.at),
    activity_type: activity.type,
    actor: presentAccount(world, activity.actor),
  }
}
