/** The rules in force: what the default branch says, or why it can't be used. */
import type { Parsed } from './core/problem.ts'
import { parseRules, RULES_PATH, type Rules } from './core/rules.ts'
import type { Snapshot } from './ports.ts'

export function readRules({ rules }: Snapshot): Parsed<Rules> {
  if (rules?.text !== undefined) return parseRules(rules.text)
  const message = rules ? 'The rules are not a UTF-8 text file.' : 'There are no rules on the default branch.'
  const fix = `Write ${RULES_PATH}; docs/reference.md tells what goes into it.`
  return { ok: false, problems: [{ code: 'no-rules', file: RULES_PATH, line: 1, column: 1, message, fix }] }
}
