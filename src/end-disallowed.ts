/** Finds live grants that were taken back while nobody looked, that today's rules would not give, or whose requester is gone. */
import { isDeepStrictEqual } from 'node:util'
import { type FileText, readAsked } from './core/asked.ts'
import type { EndReason, StandingGrant } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import { lastPullOf, parseRecord, type RequestRecord } from './core/record.ts'
import type { Rules } from './core/rules.ts'
import { isDue } from './look-again.ts'
import type { Snapshot } from './ports.ts'
import { keyOf, subjectOf } from './publish.ts'
import { attempt, type GitHub, type World } from './world.ts'

export interface Disallowed {
  readonly standing: StandingGrant
  readonly because: EndReason
  readonly detail?: string
}

/** `changing`: those whose file has other bytes, which is looked at elsewhere. */
export async function findDisallowed(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  changing: ReadonlySet<StandingGrant>,
): Promise<readonly Disallowed[]> {
  const { allowed } = world.memory
  const { commit } = snapshot
  const at = world.now()
  const found: Disallowed[] = []
  await Promise.all(
    standing
      .filter(
        ({ state, identity }) => state.kind === 'live' && isDue(allowed.get(keyOf(identity)), commit, at),
      )
      .map((grant) =>
        attempt(world, 'see whether a grant is still allowed', { role: grant.roleArn }, async () => {
          const disallowed = await judgeAgain(world, github, snapshot, rules, grant, changing.has(grant))
          if (disallowed) found.push(disallowed)
          else allowed.set(keyOf(grant.identity), { state: commit, at })
        }),
      ),
  )
  return found
}

async function judgeAgain(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: StandingGrant,
  isChanging: boolean,
): Promise<Disallowed | undefined> {
  const { identity } = standing
  const leftSince = async (pull: number) =>
    !isChanging && github.reader.leftBranch({ ...identity, pull }, snapshot.commit)
  const recorded = subjectOf(github, standing).then(({ record }) => parseRecord(record?.text))
  const [judged, permission, leftSinceFirst] = await Promise.all([
    recorded,
    recorded.then((judged) => judged && github.reader.permissionOf(judged.author)),
    leftSince(identity.pull),
  ])
  const last = lastPullOf(identity, judged)
  // Whoever can push can put a file back; the consent that was taken back with it does not come back.
  const left = last === identity.pull ? leftSinceFirst : await leftSince(last)
  if (left) return { standing, because: 'file-removed' }
  // Without a record nothing says what was allowed; the window ends it all the same.
  if (judged === undefined) return undefined
  // A change that is not in force yet says nothing of what was granted.
  const granted = isChanging
    ? await asGranted(github, identity.path, judged)
    : snapshot.requests.find(({ path }) => path === identity.path)
  const detail = rules.ok && granted ? againstRules(world, granted, rules.value, standing, judged) : undefined
  if (detail !== undefined) return { standing, because: 'rules-changed', detail }
  if (permission !== 'none') return undefined
  return {
    standing,
    because: 'requester-gone',
    detail: `GitHub knows of no access of ${judged.author.login} to the repository.`,
  }
}

async function asGranted(
  github: GitHub,
  path: string,
  { blob }: RequestRecord,
): Promise<FileText | undefined> {
  const text = await github.reader.blobText(blob)
  return text === undefined ? undefined : { path, text }
}

/** Rules of which nobody knows whether they were approved may end access, as a push to the branch may; they never give any. */
function againstRules(
  { repository }: World,
  file: FileText,
  rules: Rules,
  { window }: StandingGrant,
  judged: RequestRecord,
): string | undefined {
  const asked = readAsked(file, rules, repository.accounts, window.start)
  if (!asked.ok) return asked.problems[0].message
  return isDeepStrictEqual(asked.value.terms.principal, judged.principal)
    ? undefined
    : `The rules say by now that ${judged.author.login} is somebody else in AWS.`
}
