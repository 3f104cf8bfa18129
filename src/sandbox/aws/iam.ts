/** IAM: every action the sandbox has, by name. */
import { changeIam, seenWorld } from './consistency.ts'
import { type IamAction, iamCall } from './iam-call.ts'
import { POLICY_ACTIONS } from './iam-policies.ts'
import { ROLE_POLICY_ACTIONS } from './iam-role-policies.ts'
import { ROLE_ACTIONS } from './iam-roles.ts'
import { USER_ACTIONS } from './iam-users.ts'
import type { Parameters } from './query-protocol.ts'
import type { Caller, World } from './state.ts'

const ACTIONS: ReadonlyMap<string, IamAction> = new Map(
  Object.entries({ ...ROLE_ACTIONS, ...ROLE_POLICY_ACTIONS, ...POLICY_ACTIONS, ...USER_ACTIONS }),
)

export function isIamAction(name: string): boolean {
  return ACTIONS.has(name)
}

/** Answers what stands inside `<…Result>`. Reads are of what is seen already; a change is made to what there is. */
export function runIam(
  name: string,
  world: World,
  caller: Caller,
  parameters: Parameters,
  from: { sourceIp: string; region: string },
): string {
  const action = ACTIONS.get(name)
  if (action === undefined) throw new Error(`there is no action ${name}`)
  const seen = seenWorld(world)
  if (/^(Get|List)/.test(name)) return action(iamCall(seen, seen, caller, parameters, from))
  return changeIam(world, () => action(iamCall(world, seen, caller, parameters, from)))
}
