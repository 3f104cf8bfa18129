/** How the default branch was moved: what it held once and left again is in no history, so GitHub's activity log is asked. */
import type { Context } from './context.ts'
import { contains } from './history.ts'

export interface Move {
  readonly before: string
  readonly after: string
  readonly forced: boolean
  /** By GitHub's clock, in milliseconds since the epoch. */
  readonly at: number
}

export interface BranchLog {
  /** The oldest first. */
  readonly moves: readonly Move[]
  /** Whether all moves of a time and later are among them. */
  reaches(since: number): boolean
}

/** The oldest first: all of a time and later, and some that came before. `since`: by GitHub's clock, in milliseconds. */
export async function listMoves(context: Context, since: number): Promise<readonly Move[]> {
  return (await readLog(context, since)).moves
}

/** The same for many who ask of one head at a time: the log is read once for all whose time it reaches. */
export async function movesSince(context: Context, since: number, head: string): Promise<readonly Move[]> {
  for (;;) {
    const log = await context.moves(head, () => readLog(context, since))
    // Only what somebody else began to read may end too early.
    if (log.reaches(since)) return log.moves
  }
}

async function readLog({ octokit, target, at, reads }: Context, since: number): Promise<BranchLog> {
  const what = `the moves of ${target.defaultBranch} in ${at.owner}/${at.repo}`
  const parameters = { ...at, ref: `refs/heads/${target.defaultBranch}`, per_page: 100 }
  const isBefore =
    (time: number) =>
    ({ timestamp }: { readonly timestamp: string }) =>
      Date.parse(timestamp) < time
  const told = await reads.upTo(
    what,
    octokit.rest.repos.listActivities,
    parameters,
    (page) => page,
    isBefore(since),
  )
  // Without an older one it was read to its beginning.
  const isWhole = !told.some(isBefore(since))
  const moves: Move[] = []
  let left: string | undefined
  for (const { before, after, activity_type, timestamp } of told.toSorted(
    (a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || a.id - b.id,
  )) {
    // A branch that is deleted and made anew is set to another commit by force, too.
    const from = isNothing(before) ? left : before
    left = isNothing(after) ? before : undefined
    if (from === undefined || isNothing(after)) continue
    moves.push({
      before: from,
      after,
      forced: activity_type === 'force_push' || isNothing(before),
      at: Date.parse(timestamp),
    })
  }
  return { moves, reaches: (time) => isWhole || told.some(isBefore(time)) }
}

/** Where a ref does not stand, Git writes zeros. */
function isNothing(sha: string): boolean {
  return /^0+$/.test(sha)
}

/**
 * The moves by which the branch left what it held, since a commit came onto it: those by force, and those that merged the
 * branch into something else, so that what it held is not among the first parents any more, which `line` are. When the
 * commit came is not taken from dates, which anybody can write into a commit: the first force push that threw it away, or
 * something after it, came after it, and so did all later ones.
 */
export async function movesAway(
  context: Context,
  commit: string,
  line: ReadonlySet<string>,
  moves: readonly Move[],
): Promise<readonly Move[]> {
  const follows = ({ before }: Move) => contains(context, before, commit)
  const found: Move[] = []
  for (const move of moves.filter(({ forced }) => forced))
    if (found.length > 0 || (await follows(move))) found.push(move)
  const isPastIt = ({ before, after, forced }: Move) => !forced && after !== commit && !line.has(before)
  const arrived = moves.findIndex(({ after }) => line.has(after))
  for (const move of arrived < 0 ? [] : moves.slice(arrived))
    if (isPastIt(move) && (await follows(move))) found.push(move)
  return found
}
