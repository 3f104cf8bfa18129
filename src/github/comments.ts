/** The app's one comment on a pull request. */
import { shortened } from './checks.ts'
import type { Context } from './context.ts'
import { finalRefusal, statusOf, write } from './failures.ts'
import { COMMENT_MARKER } from './names.ts'

const MOST_CHARACTERS = 65_536

/** Where two replicas wrote two, the oldest stays, so that both agree which. */
export async function writeComment(
  context: Context,
  pull: number,
  markdown: string,
  keep?: 'keep',
): Promise<'told' | { readonly refused: string }> {
  const where = `on pull request #${pull} of ${context.at.owner}/${context.at.repo}`
  const body = shortened(`${COMMENT_MARKER}\n${markdown}`, MOST_CHARACTERS)
  const [kept, ...doubled] = await ownComments(context, pull)
  const isRight = kept !== undefined && (keep === 'keep' || sameText(kept.body, body))
  const refused = isRight ? undefined : await say(context, pull, kept, body, where)
  for (const { id } of doubled) await remove(context, id, where)
  return refused === undefined ? 'told' : { refused }
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
  return write(`${kept ? 'changing the comment' : 'commenting'} ${where}`, async () => {
    try {
      if (kept) await issues.updateComment({ ...at, comment_id: kept.id, body })
      else await issues.createComment({ ...at, issue_number: pull, body })
      return undefined
    } catch (error) {
      const refused = finalRefusal(error)
      if (refused === undefined) throw error
      return refused
    }
  })
}

async function remove({ octokit, at }: Context, id: number, where: string): Promise<void> {
  await write(`deleting a doubled comment ${where}`, () =>
    octokit.rest.issues.deleteComment({ ...at, comment_id: id }).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error
    }),
  )
}

interface Comment {
  readonly id: number
  readonly body: string
}

/** The marker alone proves nothing: anyone can write it. */
async function ownComments({ octokit, target, at, reads }: Context, pull: number): Promise<Comment[]> {
  const what = `the comments on pull request #${pull} of ${at.owner}/${at.repo}`
  const parameters = { ...at, issue_number: pull, per_page: 100 }
  const comments = await reads.all(what, octokit.rest.issues.listComments, parameters, (page) => page)
  return comments
    .filter(
      ({ user, performed_via_github_app }) =>
        user?.type === 'Bot' && performed_via_github_app?.id === target.appId,
    )
    .flatMap(({ id, body = '' }) => (body.includes(COMMENT_MARKER) ? [{ id, body }] : []))
    .sort((a, b) => a.id - b.id)
}

/** GitHub may give line ends and the end of the text back otherwise than it got them. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll('\r\n', '\n').trimEnd() === b.trimEnd()
}
