/** How commits follow one another, found from the commits themselves: in a small history that costs no new process. */

export interface Node {
  readonly parents: readonly string[]
}

export type ReadNode = (sha: string) => Promise<Node>

/** Beyond so many commits git itself is asked, which has better ways. */
const MOST_COMMITS = 500

/** A commit and all before it; undefined where they are too many to walk. */
export async function reachable(read: ReadNode, ...from: string[]): Promise<ReadonlySet<string> | undefined> {
  const found = new Set(from)
  for (const sha of found) {
    if (found.size > MOST_COMMITS) return undefined
    for (const parent of (await read(sha)).parents) found.add(parent)
  }
  return found
}

/** What one commit has beyond others, in the order of `git rev-list --topo-order`; undefined where that is too much to walk. */
export async function beyond(
  read: ReadNode,
  head: string,
  others: readonly string[],
): Promise<readonly string[] | undefined> {
  const [here, there] = await Promise.all([reachable(read, head), reachable(read, ...others)])
  if (here === undefined || there === undefined) return undefined
  const left = new Map<string, Node>()
  for (const sha of here) if (!there.has(sha)) left.set(sha, await read(sha))
  return inOrder(head, left)
}

/**
 * What changed a path, in the order of `git rev-list --topo-order`: of a merge only that side is followed which left the
 * path as the merge has it. `stateAt` tells the path's state in a commit, undefined where it is not there.
 */
export async function pathHistory(
  read: ReadNode,
  head: string,
  stateAt: (sha: string) => Promise<string | undefined>,
): Promise<readonly string[] | undefined> {
  const walked = new Map<string, Node>()
  const changing = new Set<string>()
  const due = new Set([head])
  for (const sha of due) {
    if (due.size > MOST_COMMITS) return undefined
    const state = await stateAt(sha)
    let { parents } = await read(sha)
    const same = await findSame(parents, state, stateAt)
    if (same !== undefined) parents = [same]
    else if (parents.length > 0 || state !== undefined) changing.add(sha)
    walked.set(sha, { parents })
    for (const parent of parents) due.add(parent)
  }
  return inOrder(head, walked).filter((sha) => changing.has(sha))
}

async function findSame(
  parents: readonly string[],
  state: string | undefined,
  stateAt: (sha: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const parent of parents) if ((await stateAt(parent)) === state) return parent
  return undefined
}

/** Children before their parents, and of one line all before the next. */
function inOrder(head: string, nodes: ReadonlyMap<string, Node>): readonly string[] {
  const children = new Map<string, number>()
  for (const { parents } of nodes.values())
    for (const parent of parents) children.set(parent, (children.get(parent) ?? 0) + 1)
  const order: string[] = []
  const ready = nodes.has(head) ? [head] : []
  for (let sha = ready.pop(); sha !== undefined; sha = ready.pop()) {
    order.push(sha)
    for (const parent of nodes.get(sha)?.parents ?? []) {
      const waiting = (children.get(parent) ?? 0) - 1
      children.set(parent, waiting)
      if (waiting === 0 && nodes.has(parent)) ready.push(parent)
    }
  }
  return order
}

/** Commits that both have and that are before no other such commit; undefined where there are too many to walk. */
export async function mergeBases(
  read: ReadNode,
  a: string,
  b: string,
): Promise<readonly string[] | undefined> {
  const [ofA, ofB] = await Promise.all([reachable(read, a), reachable(read, b)])
  if (ofA === undefined || ofB === undefined) return undefined
  const common = new Set([...ofA].filter((sha) => ofB.has(sha)))
  const before = new Set<string>()
  for (const sha of common) for (const parent of (await read(sha)).parents) before.add(parent)
  return [...common].filter((sha) => !before.has(sha))
}
