/** A policy ready to be asked: its statements, and whether they allow, deny or say nothing of a request. */
import { type Condition, type Context, holds, variableLookup } from './conditions.ts'
import { matchesIgnoringCase, matchesPattern, type Pattern } from './pattern.ts'
import { statementsOf } from './policy-statements.ts'
import type { PolicyKind } from './validate-policy.ts'

/** Whom a statement of a resource's policy names. */
export type Principal =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'account'; readonly account: string }
  /** A user's or role's unique id, or a role session as `AROA…:name`. */
  | { readonly kind: 'id'; readonly id: string }
  /** An AWS service or identity provider; nobody in the sandbox is one. */
  | { readonly kind: 'outside' }

interface Negatable<Item> {
  readonly negated: boolean
  readonly items: readonly Item[]
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** Only in the policies of resources. */
  readonly principals?: Negatable<Principal>
  readonly actions: Negatable<Pattern>
  /** A trust policy has none: it stands for its role. */
  readonly resources?: Negatable<Pattern>
  readonly conditions: readonly Condition[]
}

/** Known to be well formed. Plain data: what its text means is looked up when it is asked. */
export interface Policy {
  readonly kind: PolicyKind
  /** As it is read back. */
  readonly text: string
}

export interface AccessRequest {
  readonly action: string
  readonly resource: string
  readonly context: Context
}

export type Outcome = 'denied' | 'allowed' | 'silent'

/** What several policies of one kind say together: a Deny in any wins. */
export function evaluate(policies: Iterable<Policy>, request: AccessRequest): Outcome {
  let outcome: Outcome = 'silent'
  for (const policy of policies) {
    for (const statement of statementsOf(policy)) {
      if (!applies(statement, request)) continue
      if (statement.effect === 'Deny') return 'denied'
      outcome = 'allowed'
    }
  }
  return outcome
}

/** Whether a statement speaks of the request; whom it names is looked at elsewhere. */
export function applies(statement: Statement, request: AccessRequest): boolean {
  const lookup = variableLookup(request.context)
  const { actions, resources, conditions } = statement
  const isNamed = actions.items.some((pattern) => matchesIgnoringCase(pattern, request.action, lookup))
  if (isNamed === actions.negated) return false
  if (resources !== undefined) {
    const isMeant = resources.items.some((pattern) => matchesPattern(pattern, request.resource, lookup))
    if (isMeant === resources.negated) return false
  }
  return conditions.every((condition) => holds(condition, request.context))
}
