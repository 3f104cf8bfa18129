/** One file on the branch that has no live grant as it is: reads what GitHub says of it, and judges what is to become of it. */
import type { StandingGrant } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import type { Rules } from './core/rules.ts'
import type { Finding } from './finding.ts'
import { judgeAdded, NO_TERMS } from './judge-added.ts'
import { judgeExtension } from './judge-extension.ts'
import type { Snapshot, SourceFile } from './ports.ts'
import type { GitHub, World } from './world.ts'

export async function judgeFile(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  file: SourceFile,
): Promise<Finding> {
  const brought = await github.reader.provenance(file, snapshot, NO_TERMS)
  const [origin, ...between] = brought.earlier
  if (origin === undefined) return judgeAdded(world, github, rules, file, brought)
  return judgeExtension(world, github, rules, standing, { file, origin, extending: [...between, brought] })
}
