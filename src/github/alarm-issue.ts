/** The one issue by which the app shouts about what it can not remove; closed when nothing is left of it. */
import { ALARM_TITLE } from '../core/alarm.ts'
import type { Context } from './context.ts'
import { tryWrite } from './failures.ts'
import { isApp } from './people.ts'

/** `text`: Markdown; undefined closes the issue. Writes nothing that stands already. */
export async function tellAlarm(
  context: Context,
  text: string | undefined,
): Promise<'told' | { readonly refused: string }> {
  const { octokit, at } = context
  const { issues } = octokit.rest
  const open = await openAlarms(context)
  const [known, ...doubled] = open
  const refused = await tryWrite(`the issue "${ALARM_TITLE}" in ${at.owner}/${at.repo}`, async () => {
    // Two replicas may have opened one each.
    for (const { number } of text === undefined ? open : doubled)
      await issues.update({ ...at, issue_number: number, state: 'closed' })
    if (text === undefined || known?.body === text) return
    if (known) await issues.update({ ...at, issue_number: known.number, body: text })
    else await issues.create({ ...at, title: ALARM_TITLE, body: text })
  })
  return refused === undefined ? 'told' : { refused }
}

/** The oldest first; whatever others opened under the same title is none. */
async function openAlarms(context: Context) {
  const { octokit, target, at, reads } = context
  const parameters = { ...at, state: 'open' as const, creator: `${target.appSlug}[bot]`, per_page: 100 }
  const found = await reads.all(
    `the issues of the app in ${at.owner}/${at.repo}`,
    octokit.rest.issues.listForRepo,
    parameters,
    (page) => page,
  )
  return found
    .filter(({ title, user, pull_request }) => title === ALARM_TITLE && !pull_request && isApp(context, user))
    .sort((a, b) => a.number - b.number)
}
