/** What people order by comments: read from the comments themselves, whether or not an event told of them. */
import { isEndCommand } from '../core/early-end.ts'
import type { Command } from '../ports.ts'
import type { Context } from './context.ts'
import { personOf } from './people.ts'

/**
 * `since`: seconds since the epoch. One list for the whole repository, which costs nothing while it stays the same, however
 * much anybody writes into it.
 */
export async function endCommands({ octokit, at, reads }: Context, since: number): Promise<Command[]> {
  const what = `the comments of ${at.owner}/${at.repo}`
  const parameters = { ...at, since: new Date(since * 1000).toISOString(), per_page: 100 }
  return reads.sifted(what, octokit.rest.issues.listCommentsForRepo, parameters, (page) =>
    page.flatMap(({ issue_url, body = '', user, created_at, updated_at }) => {
      const [, pull] = /\/issues\/(\d+)$/.exec(issue_url) ?? []
      if (pull === undefined || !isEndCommand(body)) return []
      return [{ pull: Number(pull), by: personOf(user), edited: isEdited(created_at, updated_at) }]
    }),
  )
}

/** Milliseconds: GitHub may date the last change of a comment that nobody edited a second after its writing. */
const LEEWAY = 1000

function isEdited(created: string, updated: string): boolean {
  return Date.parse(updated) - Date.parse(created) > LEEWAY
}
