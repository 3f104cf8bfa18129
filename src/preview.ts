/** Shows what a pull request would grant before anybody approves it. Can't write to IAM, by type. */
import { createHash } from 'node:crypto'
import type { Parsed } from './core/problem.ts'
import { requestReport } from './core/report-request.ts'
import type { Rules } from './core/rules.ts'
import { examine, type Head } from './examine.ts'
import type { OpenPull, Snapshot } from './ports.ts'
import { readRules } from './read-rules.ts'
import { attempt, type GitHub, type PreviewWorld } from './world.ts'

/** External id of a check that could not be decided: it is asked again at every look. */
const UNKNOWN = 'unknown'

/** Brings the check **Daypass / request** of every open pull request and merge group up to date. */
export async function preview(world: PreviewWorld): Promise<void> {
  const { github } = world
  if (github === undefined) return
  const base = await attempt(world, 'read the branch', {}, () => github.reader.snapshot())
  const heads = await attempt(world, 'list the open pull requests', {}, () => readHeads(github))
  if (base === undefined || heads === undefined) return
  forgetClosed(world, heads)
  const rules = readRules(base)
  await Promise.all(
    heads.map((head) =>
      attempt(world, 'check a pull request', { pull: head.pull }, () =>
        check(world, github, base, rules, head),
      ),
    ),
  )
}

async function readHeads({ reader }: GitHub): Promise<readonly Head[]> {
  const [pulls, groups] = await Promise.all([reader.openPulls(), reader.mergeGroups()])
  return [
    ...pulls.map(({ headSha, number, baseBranch }: OpenPull) => ({
      sha: headSha,
      pull: number,
      baseBranch,
      isMergeGroup: false,
    })),
    ...groups.map(({ headSha, pull }) => ({ sha: headSha, pull, isMergeGroup: true })),
  ]
}

function forgetClosed(world: PreviewWorld, heads: readonly Head[]): void {
  const open = new Set(heads.map(({ sha }) => sha))
  for (const sha of world.memory.previewed.keys()) if (!open.has(sha)) world.memory.previewed.delete(sha)
}

async function check(
  world: PreviewWorld,
  github: GitHub,
  base: Snapshot,
  rules: Parsed<Rules>,
  head: Head,
): Promise<void> {
  const { memory } = world
  const externalId = fingerprint(base, head)
  const asked = memory.recheck.has(head.sha)
  if (!asked && memory.previewed.get(head.sha) === externalId) return
  const last = await github.reader.lastRequestCheck(head.sha)
  if (asked || last !== externalId) {
    const finding = await examine(world, github, rules, head)
    const { conclusion, ...report } = requestReport(finding)
    const isUnknown = finding.kind === 'unknown'
    if (asked || !isUnknown || last !== UNKNOWN) {
      await github.writer.writeRequestCheck(head.sha, isUnknown ? UNKNOWN : externalId, conclusion, report)
      world.log.info(
        { repository: world.repository.id, pull: head.pull, conclusion },
        'Checked a pull request',
      )
    }
    memory.recheck.delete(head.sha)
    if (isUnknown) return
  }
  memory.previewed.set(head.sha, externalId)
}

/** Changes with everything that the check is made from and that may change while the head stays. */
function fingerprint({ rules, codeowners }: Snapshot, { sha, pull, baseBranch, isMergeGroup }: Head): string {
  const parts = [sha, pull, baseBranch, isMergeGroup, rules?.blob, codeowners?.path, codeowners?.blob]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
