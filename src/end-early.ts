/** Ends access early for those who may: by a comment on the pull request, or by the button on the check run. */
import { type EndOrder, type OrdersRead, readOrders } from './core/early-end.ts'
import type { Person } from './core/evidence.ts'
import { identityHash, type StandingGrant } from './core/grant.ts'
import { parseRecord, type RequestRecord } from './core/record.ts'
import { DAY } from './core/window.ts'
import type { Command } from './ports.ts'
import { keyOf, subjectOf } from './publish.ts'
import { attempt, type GitHub, type Iam, type World } from './world.ts'

/** A request may start this long after its merge; comments older than that are on other business. Seconds. */
const LONGEST_WAIT = 31 * DAY

/**
 * The live grants that somebody who may has asked to end, with who it was: whom it is for, or an owner as of `commit`. Remembers who
 * asked in vain.
 */
export async function findGivenBack(
  world: World,
  github: GitHub,
  commit: string,
  { standing, unreadable }: Iam,
): Promise<ReadonlyMap<StandingGrant, Person>> {
  const live = standing.filter(({ state }) => state.kind === 'live')
  // Whether a grant in an account that can't be read is over, nobody knows.
  if (unreadable.size === 0) forgetOver(world, live)
  const found = new Map<StandingGrant, Person>()
  if (live.length === 0) return found
  const commands = await attempt(world, 'read what people order by comments', {}, () =>
    github.reader.endCommands(sinceWhen(live)),
  )
  const own = new Set(live.map(({ identity }) => identity.pull))
  /** Only the record of a grant tells which pull requests extended it: without such comments it is not asked. */
  const isElsewhere = commands?.some(({ pull }) => !own.has(pull)) === true
  await Promise.all(
    live.map((grant) =>
      attempt(world, 'read who may end a grant', { role: grant.roleArn }, async () => {
        world.memory.refused.delete(keyOf(grant.identity))
        if (!isElsewhere && ordersFor(world, grant, commands ?? []).length === 0) return
        const by = await whoMay(world, github, commit, grant, commands ?? [])
        if (by !== undefined) found.set(grant, by)
      }),
    ),
  )
  return found
}

/** Whole days, so that the list of comments stays the same one from look to look. */
function sinceWhen(live: readonly StandingGrant[]): number {
  const earliest = Math.min(...live.map(({ window }) => window.start))
  return Math.floor((earliest - LONGEST_WAIT) / DAY) * DAY
}

/** A press of the button is kept while its grant is live: nothing else would remember it. */
function forgetOver({ memory }: World, live: readonly StandingGrant[]): void {
  const hashes = new Set(live.map(({ identity }) => identityHash(identity)))
  memory.clicks = memory.clicks.filter(({ of }) => hashes.has(of))
  const keys = new Set(live.map(({ identity }) => keyOf(identity)))
  for (const key of memory.refused.keys()) if (!keys.has(key)) memory.refused.delete(key)
}

/** `judged`: what is on record of it, and so which pull requests extended it. */
function ordersFor(
  { memory }: World,
  { identity }: StandingGrant,
  commands: readonly Command[],
  judged?: RequestRecord,
): readonly EndOrder[] {
  const hash = identityHash(identity)
  const pulls = new Set([identity.pull, ...(judged?.extensions ?? []).map(({ pull }) => pull)])
  return [
    ...memory.clicks.filter(({ of }) => of === hash).map(({ by }) => ({ by, edited: false })),
    ...commands.filter(({ pull }) => pulls.has(pull)).map(({ by, edited }) => ({ by, edited })),
  ]
}

async function whoMay(
  world: World,
  github: GitHub,
  commit: string,
  standing: StandingGrant,
  commands: readonly Command[],
): Promise<Person | undefined> {
  const { record } = await subjectOf(github, standing)
  const judged = parseRecord(record?.text)
  const orders = ordersFor(world, standing, commands, judged)
  if (orders.length === 0) return undefined
  const read = await readFor(github, standing, orders, judged?.author, commit)
  if (read.kind === 'end') return read.by
  world.memory.refused.set(keyOf(standing.identity), read.refused)
  return undefined
}

async function readFor(
  github: GitHub,
  { identity }: StandingGrant,
  orders: readonly EndOrder[],
  requester: Person | undefined,
  commit: string,
): Promise<OrdersRead> {
  // Whom the access is for needs no owner, nor that GitHub says who they are.
  const own = readOrders(orders, requester, { owners: [] })
  if (own.kind === 'end') return own
  return readOrders(orders, requester, await github.reader.ownersOf(identity.path, commit))
}

/** Who it was that gave an access back, where a run was cut off between its end in AWS and the record: the comment still says. */
export async function whoGaveBack(
  world: World,
  github: GitHub,
  standing: StandingGrant,
  judged: RequestRecord,
): Promise<Person | undefined> {
  const orders = ordersFor(world, standing, await github.reader.endCommands(sinceWhen([standing])), judged)
  if (orders.length === 0) return undefined
  const { commit } = await github.reader.snapshot()
  const read = await readFor(github, standing, orders, judged.author, commit)
  return read.kind === 'end' ? read.by : undefined
}
