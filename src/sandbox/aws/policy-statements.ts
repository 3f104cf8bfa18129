/** The statements of a policy: read from its text once, and kept as long as it is in use. */
import type { Policy, Statement } from './policy.ts'
import { parsePolicyJson } from './policy-json.ts'
import { readStatements } from './validate-policy.ts'

/** Far more than the policies of a world; one left running must not keep those of roles long gone. */
const KEPT = 5_000

/** By kind and text: a policy is what its text says, and copies of one share what was read. */
const known = new Map<string, readonly Statement[]>()

export function statementsOf({ kind, text }: Policy): readonly Statement[] {
  const key = `${kind} ${text}`
  const found = known.get(key)
  if (found !== undefined) return found
  const document = parsePolicyJson(text)
  const reading = document === undefined ? undefined : readStatements(document, kind)
  if (!reading?.ok) throw new Error(`a policy was stored that is none: ${text.slice(0, 200)}`)
  if (known.size >= KEPT) known.clear()
  known.set(key, reading.statements)
  return reading.statements
}
