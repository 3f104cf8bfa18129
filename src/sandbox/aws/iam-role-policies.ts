/** IAM's actions on what a role may do: its inline policies and the managed policies attached to it. */
import { readPolicy } from './documents.ts'
import { limitExceeded, noSuchEntity } from './errors.ts'
import {
  boundaryKey,
  changeableRoleFor,
  type IamAction,
  managedPolicyAt,
  NAME,
  noKeys,
  POLICY_ARN,
  POLICY_TEXT,
  pageAnswer,
  pageOf,
  roleFor,
} from './iam-call.ts'
import { countedSize } from './policy-json.ts'
import type { Role } from './state.ts'
import { leaf, tag } from './xml.ts'

export const INLINE_SIZE_QUOTA = 10_240
export const ATTACHED_QUOTA = 10

export const ROLE_POLICY_ACTIONS: Readonly<Record<string, IamAction>> = {
  PutRolePolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const text = call.parameters.required('PolicyDocument', POLICY_TEXT)
    const role = changeableRoleFor(call, 'iam:PutRolePolicy')
    const policy = readPolicy(call.world, 'identity', text)
    if (inlineSize(role, name) + countedSize(text) > INLINE_SIZE_QUOTA)
      throw limitExceeded(`Maximum policy size of ${INLINE_SIZE_QUOTA} bytes exceeded for role ${role.name}`)
    role.inline.set(name, policy)
    return ''
  },

  GetRolePolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const role = roleFor(call, 'iam:GetRolePolicy', noKeys)
    const policy = role.inline.get(name)
    if (policy === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`)
    return (
      leaf('RoleName', role.name) +
      leaf('PolicyName', name) +
      leaf('PolicyDocument', encodeURIComponent(policy.text))
    )
  },

  ListRolePolicies(call) {
    const role = roleFor(call, 'iam:ListRolePolicies', noKeys)
    const page = pageOf(call, [...role.inline.keys()].sort(), (name) => name)
    return pageAnswer('PolicyNames', page, (name) => leaf('member', name))
  },

  DeleteRolePolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const role = changeableRoleFor(call, 'iam:DeleteRolePolicy')
    if (!role.inline.delete(name)) throw noSuchEntity(`The role policy with name ${name} cannot be found.`)
    return ''
  },

  AttachRolePolicy(call) {
    const arn = call.parameters.required('PolicyArn', POLICY_ARN)
    const role = changeableRoleFor(call, 'iam:AttachRolePolicy', (it) => ({
      ...boundaryKey(it),
      'iam:PolicyARN': arn,
    }))
    const policy = managedPolicyAt(call, arn)
    if (!role.attached.has(arn) && role.attached.size >= ATTACHED_QUOTA)
      throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${ATTACHED_QUOTA}`)
    role.attached.set(arn, policy)
    return ''
  },

  DetachRolePolicy(call) {
    const arn = call.parameters.required('PolicyArn', POLICY_ARN)
    const role = changeableRoleFor(call, 'iam:DetachRolePolicy', (it) => ({
      ...boundaryKey(it),
      'iam:PolicyARN': arn,
    }))
    if (!role.attached.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`)
    return ''
  },

  ListAttachedRolePolicies(call) {
    const role = roleFor(call, 'iam:ListAttachedRolePolicies', noKeys)
    const attached = [...role.attached.values()].sort((a, b) => (a.arn < b.arn ? -1 : 1))
    return pageAnswer(
      'AttachedPolicies',
      pageOf(call, attached, ({ arn }) => arn),
      ({ name, arn }) => tag('member', leaf('PolicyName', name), leaf('PolicyArn', arn)),
    )
  },
}

/** The quota counts all inline policies of a role together; the one about to be replaced is left out. */
function inlineSize(role: Role, replaced: string): number {
  let size = 0
  for (const [name, { text }] of role.inline) if (name !== replaced) size += countedSize(text)
  return size
}
