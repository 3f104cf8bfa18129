/** `daypass revoke`: gives access back early, by the comment that the app takes for it. */
import { END_COMMAND } from '../core/early-end.ts'
import { findClone } from './clone.ts'
import { EXIT, type ExitCode } from './failure.ts'
import { connect, type GitHubOptions } from './github.ts'
import { type Output, shown } from './output.ts'
import { findRequest, isOwn } from './own-request.ts'

export async function revoke(
  wanted: string | undefined,
  options: GitHubOptions,
  output: Output,
): Promise<ExitCode> {
  const github = await connect(await findClone(), options)
  const standing = await findRequest(
    github,
    wanted,
    ({ state }) => state.kind === 'open' || state.kind === 'scheduled',
    'open or about to open',
  )
  const { pull, path, url, author } = standing
  const own = await isOwn(github, standing)
  const { data } = await github.octokit.issues.createComment({
    ...github.at,
    issue_number: pull,
    body: END_COMMAND,
  })
  output.json({ pull, path, url, author, isOwn: own, comment: data.html_url })
  output.line(`Asked for ${shown(path)} to end: ${data.html_url}`)
  // Who owns a path through a team is not for everybody's token to read; the app knows.
  output.note(
    own
      ? 'Daypass ends it within seconds, and says so at the pull request.'
      : `It is ${shown(author)}'s: Daypass ends it only if you are an owner of the path by CODEOWNERS. Its comment on the pull request tells; so does \`daypass status --all\`.`,
  )
  return EXIT.done
}
