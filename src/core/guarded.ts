/** The files that decide over requests, CODEOWNERS and rules: what is wrong in one of them. */
import type { FileText } from './asked.ts'
import { parseCodeowners } from './codeowners.ts'
import { codeownersProblems } from './codeowners-problems.ts'
import { notText, type Problem, problemsOf } from './problem.ts'
import { parseRules, RULES_PATH } from './rules.ts'
import { GUARDED_PATHS, type GuardedPath } from './trust.ts'

export function isGuarded(path: string): path is GuardedPath {
  return GUARDED_PATHS.some((guarded) => guarded === path)
}

/** The first: what of these one commit holds. */
export function problemsOfGuarded(
  { rules, codeowners }: { readonly rules?: FileText; readonly codeowners?: FileText },
  path: GuardedPath,
): readonly Problem[] {
  const file = path === RULES_PATH ? rules : codeowners
  // Taken out, or behind another CODEOWNERS that is in force.
  if (file?.path !== path) return []
  if (file.text === undefined) return [notText(path)]
  return path === RULES_PATH
    ? problemsOf(parseRules(file.text))
    : codeownersProblems(path, parseCodeowners(file.text))
}
