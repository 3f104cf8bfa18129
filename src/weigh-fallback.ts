/** Adds to the evidence of a request what is known of those who stand in for its owners, where the rules name any. */
import type { Evidence } from './core/evidence.ts'
import type { Terms } from './core/rules.ts'
import type { GitHub } from './world.ts'

export async function withFallback(
  { reader }: GitHub,
  evidence: Evidence,
  { fallback }: Partial<Pick<Terms, 'fallback'>>,
): Promise<Evidence> {
  const { pull, owners } = evidence
  if (fallback === undefined || pull === undefined) return evidence
  const { named, after, counts } = fallback
  return { ...evidence, fallback: { ...(await reader.fallback(pull.number, owners, named)), after, counts } }
}
