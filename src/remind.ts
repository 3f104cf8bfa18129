/** Mentions whom an access is for some time before its end, as long as the rules say: once for each end that is planned. */
import type { StandingGrant } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import { parseRecord } from './core/record.ts'
import { reminder, reminderAt } from './core/reminder.ts'
import { type Rules, ruleFor } from './core/rules.ts'
import { phaseOf } from './core/window.ts'
import { keyOf, lentOf, subjectOf } from './publish.ts'
import { attempt, type GitHub, type World } from './world.ts'

/** Returns when the next one is due, in seconds since the epoch. */
export async function remind(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
): Promise<number | undefined> {
  const before = rules.ok ? rules.value.remindBefore : undefined
  if (!rules.ok || before === undefined) return undefined
  const now = world.now()
  const live = standing.flatMap((grant) => {
    const at = reminderAt(grant.window, before)
    return grant.state.kind === 'live' && at !== undefined ? [{ grant, at }] : []
  })
  await Promise.all(
    live
      .filter(({ grant, at }) => at <= now && phaseOf(grant.window, now) === 'open')
      .map(({ grant }) =>
        attempt(world, 'remind of the end of a grant', { role: grant.roleArn }, () =>
          remindOf(world, github, rules.value, grant),
        ),
      ),
  )
  const ahead = live.map(({ at }) => at).filter((at) => at > now)
  return ahead.length === 0 ? undefined : Math.min(...ahead)
}

async function remindOf(world: World, github: GitHub, rules: Rules, standing: StandingGrant): Promise<void> {
  const { identity, window } = standing
  const { reminded } = world.memory
  if (reminded.get(keyOf(identity)) === window.end) return
  const { record } = await subjectOf(github, standing)
  const lent = lentOf(world, identity, parseRecord(record?.text))
  const longest = lent && ruleFor(rules, lent.location)?.longestWindow
  // Without a record nothing says whom to mention; a record that is not up to date yet is waited for.
  if (lent === undefined || longest === undefined || lent.judged.window.end !== window.end) return
  const place = { repositoryUrl: github.url, defaultBranch: github.defaultBranch, path: identity.path }
  const told = await github.writer.remind(identity.pull, window.end, reminder(lent, place, longest))
  if (told !== 'told') {
    const fields = { repository: world.repository.id, pull: identity.pull, why: told.refused }
    world.log.warn(fields, 'GitHub takes no comment on a pull request: nobody is reminded')
  }
  reminded.set(keyOf(identity), window.end)
}
