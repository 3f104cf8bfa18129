/** The rules in force: what the default branch says, or why it can't be used. */
import { inWhole, notText, type Parsed, refused } from './core/problem.ts'
import { parseRules, RULES_PATH, type Rules } from './core/rules.ts'
import type { Snapshot } from './ports.ts'

export function readRules({ rules }: Pick<Snapshot, 'rules'>): Parsed<Rules> {
  if (rules?.text !== undefined) return parseRules(rules.text)
  if (rules !== undefined) return refused(notText(RULES_PATH))
  const message = 'There are no rules on the default branch.'
  const fix = `Write ${RULES_PATH}; docs/reference.md tells what goes into it.`
  return refused(inWhole(RULES_PATH, { code: 'no-rules', message, fix }))
}
