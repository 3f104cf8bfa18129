/**
 * Which pull request brought a file, asked for before anybody needs to know it: when the branch moves, an approved request
 * was probably merged. Two round trips less lie between a merge and its grant.
 *
 * What is found is no guess. It is what the judgement would ask for, of the very commit of the branch it judges; where
 * nothing was found, or the branch moved on, the judgement asks for itself.
 */
import type { ApprovedHead } from '../ports.ts'
import type { Context } from './context.ts'
import { type LandedPull, landedPulls } from './pulls.ts'
import { lastTouch } from './touches.ts'

export interface Foresight {
  /** Begins to read, of the branch at `head`, what the merge of any of these would have made of it. */
  expect(context: Context, head: string, approved: readonly ApprovedHead[]): void
  /** The pull request that brought the file as it is in `head`; undefined where that was not foreseen. */
  landed(head: string, path: string): Promise<LandedPull | undefined>
}

/** So many of them can be merged at once; the reads of more would only delay the rest. */
const MOST_EXPECTED = 8

export function createForesight(): Foresight {
  let seen: string | undefined
  let landed = new Map<string, Promise<LandedPull | undefined>>()

  return {
    expect(context, head, approved) {
      if (head === seen) return
      seen = head
      const expected = approved.slice(-MOST_EXPECTED)
      landed = new Map(
        expected.map((one) => [one.path, readAhead(context, head, one).catch(() => undefined)]),
      )
    },
    async landed(head, path) {
      return head === seen ? landed.get(path) : undefined
    },
  }
}

/** A merge commit leaves the head of the pull request as it was; a squash or a rebase makes a new commit of it. */
async function readAhead(
  context: Context,
  head: string,
  { path, headSha }: ApprovedHead,
): Promise<LandedPull | undefined> {
  const [commit, ofPull, ofBranch] = await Promise.all([
    lastTouch(context, head, path),
    landedPulls(context, headSha),
    landedPulls(context, head),
    // Where the merge begins is asked next.
    context.git.commit(head),
  ])
  if (commit === headSha) return ofPull[0]
  return commit === head ? ofBranch[0] : undefined
}
