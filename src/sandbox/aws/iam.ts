/** IAM: every action the sandbox has, by name. */
import type { IamAction } from './iam-call.ts'
import { POLICY_ACTIONS } from './iam-policies.ts'
import { ROLE_POLICY_ACTIONS } from './iam-role-policies.ts'
import { ROLE_ACTIONS } from './iam-roles.ts'

export const IAM_ACTIONS: ReadonlyMap<string, IamAction> = new Map(
  Object.entries({ ...ROLE_ACTIONS, ...ROLE_POLICY_ACTIONS, ...POLICY_ACTIONS }),
)
