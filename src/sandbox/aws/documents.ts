/** From the text of a policy to a policy that can be asked, or the refusal that AWS would answer. */
import { malformedPolicy } from './errors.ts'
import type { Policy } from './policy.ts'
import { type Json, parsePolicyJson } from './policy-json.ts'
import { showPrincipals, storePrincipals } from './principals.ts'
import type { World } from './state.ts'
import { hasPolicyCharacters, type PolicyKind, readStatements } from './validate-policy.ts'

export function readPolicy(world: World, kind: PolicyKind, text: string): Policy {
  if (!hasPolicyCharacters(text))
    throw malformedPolicy(
      'The policy document must contain only tab, line feed, carriage return and U+0020 to U+00FF.',
    )
  const parsed = parsePolicyJson(text)
  if (parsed === undefined) throw malformedPolicy('This policy contains invalid Json')
  if (kind === 'identity') return checked({ kind, text }, parsed)
  const stored = storePrincipals(world, parsed)
  if ('invalid' in stored) throw malformedPolicy(`Invalid principal in policy: "AWS":"${stored.invalid}"`)
  return checked({ kind, text: JSON.stringify(stored.document) }, stored.document)
}

/** A resource's policy as it is read back. */
export function showPolicy(world: World, policy: Policy): string {
  return JSON.stringify(showPrincipals(world, JSON.parse(policy.text)))
}

function checked(policy: Policy, document: Json): Policy {
  const reading = readStatements(document, policy.kind)
  if (!reading.ok) throw malformedPolicy(reading.problem)
  return policy
}
