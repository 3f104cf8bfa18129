/** What the app says on a pull request: its one comment, and its label. */
import type { RepositoryWriter, Word } from '../ports.ts'
import { shortened } from './checks.ts'
import type { Context } from './context.ts'
import { statusOf, tryWrite } from './failures.ts'
import { setStage } from './labels.ts'
import {
  COMMENT_MARKER,
  newsMarker,
  OPEN_MARKER,
  REMINDER_MARKER,
  reminderMarker,
  UNDECIDED_MARKER,
} from './names.ts'
import { isApp } from './people.ts'
import { mergeOf } from './pulls.ts'

const MOST_CHARACTERS = 65_536
/** Behind the marker of all: on what a comment is. */
const OF = { open: OPEN_MARKER, undecided: UNDECIDED_MARKER, merged: '' } as const

/** One word at a time on each pull request, so that a word on its merge is never overtaken by one from before. */
export function createTeller(context: Context): RepositoryWriter['tell'] {
  const lanes = new Map<number, Promise<unknown>>()
  return (pull, word, mode) => {
    const before = lanes.get(pull) ?? Promise.resolve()
    const told = before.then(() => tell(context, pull, word, mode))
    const over = told.catch(() => undefined)
    lanes.set(pull, over)
    void over.then(() => lanes.get(pull) === over && lanes.delete(pull))
    return told
  }
}

async function tell(
  context: Context,
  pull: number,
  word: Word,
  mode: 'keep' | 'change' | undefined,
): Promise<'told' | { readonly refused: string }> {
  const said = await writeComment(context, pull, word, mode)
  if (said === 'later') return 'told'
  const labelled = await setStage(context, pull, word.stage)
  const refused = said ?? labelled
  return refused === undefined ? 'told' : { refused }
}

/**
 * Returns why GitHub takes none, if it does not; `later`: more was said already than this word is on. A change notifies nobody:
 * news are a new comment, in place of what was said before.
 */
async function writeComment(
  context: Context,
  pull: number,
  { markdown, of, news }: Word,
  mode: 'keep' | 'change' | undefined,
): Promise<string | 'later' | undefined> {
  const where = `on pull request #${pull} of ${context.at.owner}/${context.at.repo}`
  const marker = news === undefined ? COMMENT_MARKER : newsMarker(news)
  const head = news === undefined ? COMMENT_MARKER : `${COMMENT_MARKER}${marker}`
  const body = shortened(`${head}${OF[of]}\n${markdown}`, MOST_CHARACTERS)
  const own = await ownComments(context, pull)
  const said = own.filter(bearing(COMMENT_MARKER))
  // Whoever can write can edit it too, so that the marker alone does not say that it is later.
  if (of === 'open' && said.some(isOfMerge) && (await mergeOf(context, pull)) !== undefined) return 'later'
  const decided = mode === 'keep' ? said.find(isDecided) : undefined
  const before = decided ?? said.find(bearing(marker))
  const isRight = before === undefined ? mode === 'change' : before === decided || sameText(before.body, body)
  if (!isRight) {
    const refused = await say(context, pull, before, body, where)
    if (refused !== undefined) return refused
  }
  const isNew = !isRight && before === undefined
  const now = isNew ? await ownComments(context, pull) : own
  // Where two replicas wrote two, the older stays, so that both agree which.
  const kept = before ?? now.find(bearing(marker))
  // The app writes none without a mark: somebody took it off, and may have altered the rest.
  const others = now.filter((comment) => comment.id !== kept?.id && !isReminder(comment))
  return removeEach(context, others, where)
}

export async function remind(
  context: Context,
  pull: number,
  end: number,
  markdown: string,
): ReturnType<RepositoryWriter['remind']> {
  const where = `on pull request #${pull} of ${context.at.owner}/${context.at.repo}`
  const marker = reminderMarker(end)
  const [kept, ...doubled] = (await ownComments(context, pull)).filter(bearing(marker))
  await removeEach(context, doubled, where)
  if (kept !== undefined) return 'told'
  const body = `${marker}\n${markdown}`
  const refused = await say(context, pull, undefined, body, where)
  if (refused !== undefined) return { refused }
  // Another replica may have written it in between; the older stays.
  const [, ...others] = (await ownComments(context, pull)).filter(bearing(marker))
  await removeEach(context, others, where)
  return 'told'
}

/** Returns why GitHub does not take it, where it never will. */
async function say(
  { octokit, at }: Context,
  pull: number,
  kept: Comment | undefined,
  body: string,
  where: string,
): Promise<string | undefined> {
  const { issues } = octokit.rest
  // Each try would notify people: whether a first one got through is read before the next one.
  const request = { retries: 0 }
  return tryWrite(`${kept ? 'changing the comment' : 'commenting'} ${where}`, async () => {
    if (kept) await issues.updateComment({ ...at, comment_id: kept.id, body })
    else await issues.createComment({ ...at, issue_number: pull, body, request })
  })
}

/** Returns why GitHub lets one stay, where it always will. */
async function removeEach(
  { octokit, at }: Context,
  comments: readonly Comment[],
  where: string,
): Promise<string | undefined> {
  const refused: (string | undefined)[] = []
  for (const { id } of comments)
    refused.push(
      await tryWrite(`deleting an earlier comment ${where}`, async () => {
        await octokit.rest.issues.deleteComment({ ...at, comment_id: id }).catch((error: unknown) => {
          if (statusOf(error) !== 404) throw error
        })
      }),
    )
  return refused.find((why) => why !== undefined)
}

interface Comment {
  readonly id: number
  readonly body: string
}

/** The marker alone proves nothing: anyone can write it. The oldest first. */
async function ownComments(context: Context, pull: number): Promise<Comment[]> {
  const { octokit, at, reads } = context
  const what = `the comments on pull request #${pull} of ${at.owner}/${at.repo}`
  const parameters = { ...at, issue_number: pull, per_page: 100 }
  const comments = await reads.all(what, octokit.rest.issues.listComments, parameters, (page) => page)
  return comments
    .filter(({ user }) => isApp(context, user))
    .map(({ id, body = '' }) => ({ id, body }))
    .sort((a, b) => a.id - b.id)
}

function isOfMerge(comment: Comment): boolean {
  return !bearing(OPEN_MARKER)(comment)
}

function isDecided(comment: Comment): boolean {
  return isOfMerge(comment) && !bearing(UNDECIDED_MARKER)(comment)
}

function isReminder({ body }: Comment): boolean {
  return REMINDER_MARKER.test(headOf(body))
}

function bearing(marker: string): (comment: Comment) => boolean {
  return ({ body }) => headOf(body).includes(marker)
}

/** What follows may quote a request, and anything in it. */
function headOf(body: string): string {
  return body.split(/\r?\n/, 1)[0] ?? ''
}

/** GitHub may give line ends and the end of the text back otherwise than it got them. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll('\r\n', '\n').trimEnd() === b.trimEnd()
}
