/** Tells people on an open pull request for whom it waits, and on a closed one that nothing was granted. Notes, never evidence. */
import { type OpenState, openComment } from './core/comment-open.ts'
import { stagesIn } from './core/label.ts'
import type { Parsed } from './core/problem.ts'
import type { Rules } from './core/rules.ts'
import type { Examined } from './examined.ts'
import type { PullHead } from './heads.ts'
import type { Word } from './ports.ts'
import { attempt, type GitHub, type PreviewWorld } from './world.ts'

export async function tellOpen(
  world: PreviewWorld,
  github: GitHub,
  { pull, labels }: PullHead,
  { request, approval, asks }: Examined,
): Promise<void> {
  if (asks) return tell(world, github, pull, { kind: 'judged', request, approval })
  // Most pull requests never asked for anything: nobody is told that.
  if (asks === false && stagesIn(labels).length > 0) await tell(world, github, pull, { kind: 'withdrawn' })
}

/** Whether it was closed: it waits for an approval longer than the rules say, and nobody stirs. */
export async function closeUnanswered(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  head: PullHead,
  examined: Examined,
): Promise<boolean> {
  const after = rules.ok ? rules.value.closeAfter : undefined
  if (after === undefined || head.draft || !isUnanswered(examined)) return false
  const { pull, createdAt } = head
  // The list knows this much without asking.
  if (world.now() < createdAt + after || world.now() < (await github.reader.lastStirred(pull)) + after)
    return false
  const lacks = examined.request.kind === 'problems' ? 'corrections' : 'approval'
  await tell(world, github, pull, { kind: 'unanswered', after, lacks })
  await github.writer.closePull(pull)
  world.log.info({ repository: world.repository.id, pull }, 'Closed a request that waited too long')
  return true
}

/** Neither what is approved, nor what waits for something else than people's answer to this very request. */
function isUnanswered({ asks, request, approval }: Examined): boolean {
  if (!asks || (request.kind !== 'valid' && request.kind !== 'problems')) return false
  return approval.kind !== 'judged' || approval.judged.some(({ verdict }) => verdict.outcome === 'rejected')
}

/** Whether the label of an open pull request is what it should be, as far as it is known without asking. */
export function bearsLabel({ labels }: PullHead, { asks }: Examined): boolean {
  const stages = stagesIn(labels)
  return asks === undefined || (asks ? stages.length === 1 && stages[0] === 'waiting' : stages.length === 0)
}

/** What was closed without a merge is in no list that is read at every look: it is looked for whenever others are open than before. */
export async function tellClosed(
  world: PreviewWorld,
  github: GitHub,
  open: ReadonlySet<number>,
): Promise<void> {
  const key = [...open].sort((a, b) => a - b).join(' ')
  if (world.memory.openPulls === key) return
  const closed = await attempt(world, 'list the closed requests', {}, () => github.reader.closedWaiting())
  if (closed === undefined) return
  const told = await Promise.all(
    closed
      // A merge into the default branch is told of by whoever judges it.
      .filter(({ merged, baseBranch }) => !merged || baseBranch !== github.defaultBranch)
      .map(({ number: pull }) =>
        attempt(world, 'tell of a closed request', { pull }, async () => {
          await tell(world, github, pull, { kind: 'closed' })
          return true
        }),
      ),
  )
  if (!told.includes(undefined)) world.memory.openPulls = key
}

async function tell(world: PreviewWorld, github: GitHub, pull: number, state: OpenState): Promise<void> {
  const place = { repositoryUrl: github.url, defaultBranch: github.defaultBranch }
  const markdown = openComment(state, { place, pull })
  const isNews = state.kind === 'judged' || state.kind === 'unanswered'
  const word: Word = { markdown, of: 'open', ...(state.kind === 'judged' && { stage: 'waiting' }) }
  const told = await github.writer.tell(pull, word, isNews ? undefined : 'change')
  if (told === 'told') return
  const fields = { repository: world.repository.id, pull, why: told.refused }
  world.log.warn(fields, 'GitHub takes no comment or label on a pull request: only the checks tell of it')
}
