/** IAM's actions on managed policies, users and the account as a whole. */
import { iamArn } from './arn.ts'
import { readPolicy } from './documents.ts'
import { AwsError, limitExceeded, noSuchEntity, validationError } from './errors.ts'
import { type IamAction, type IamCall, managedPolicyAt, NAME, POLICY_ARN, POLICY_TEXT } from './iam-call.ts'
import { ATTACHED_QUOTA, INLINE_SIZE_QUOTA } from './iam-role-policies.ts'
import { TRUST_SIZE_QUOTA } from './iam-roles.ts'
import { countedSize } from './policy-json.ts'
import type { ManagedPolicy, PolicyVersion } from './state.ts'
import { leaf, tag } from './xml.ts'

const MANAGED_SIZE_QUOTA = 6144
const VERSIONS_QUOTA = 5
const VERSION_ID = { pattern: /^v[1-9][0-9]*$/ }

export const POLICY_ACTIONS: Readonly<Record<string, IamAction>> = {
  GetPolicy(call) {
    const policy = policyFor(call, 'iam:GetPolicy')
    return tag(
      'Policy',
      leaf('PolicyName', policy.name),
      leaf('PolicyId', policy.id),
      leaf('Arn', policy.arn),
      leaf('Path', policy.path),
      leaf('DefaultVersionId', policy.defaultVersion.id),
      leaf('AttachmentCount', attachments(call, policy)),
      leaf('IsAttachable', true),
      leaf('CreateDate', isoSeconds(policy.created)),
    )
  },

  GetPolicyVersion(call) {
    const id = call.parameters.required('VersionId', VERSION_ID)
    const policy = policyFor(call, 'iam:GetPolicyVersion')
    const version = versionOf(policy, id)
    const document = leaf('Document', encodeURIComponent(version.policy.text))
    return tag('PolicyVersion', document, versionFields(policy, version))
  },

  CreatePolicyVersion(call) {
    const text = call.parameters.required('PolicyDocument', POLICY_TEXT)
    const asDefault = call.parameters.boolean('SetAsDefault')
    const policy = ownPolicyFor(call, 'iam:CreatePolicyVersion')
    const compiled = readPolicy(call.world, 'identity', text)
    if (countedSize(text) > MANAGED_SIZE_QUOTA)
      throw limitExceeded(`Cannot exceed quota for PolicySize: ${MANAGED_SIZE_QUOTA}`)
    if (policy.versions.size >= VERSIONS_QUOTA)
      throw limitExceeded(`A managed policy can have up to ${VERSIONS_QUOTA} versions.`)
    policy.made += 1
    const version = { id: `v${policy.made}`, created: call.world.clock.now(), policy: compiled }
    policy.versions.set(version.id, version)
    if (asDefault) policy.defaultVersion = version
    return tag('PolicyVersion', versionFields(policy, version))
  },

  SetDefaultPolicyVersion(call) {
    const id = call.parameters.required('VersionId', VERSION_ID)
    const policy = ownPolicyFor(call, 'iam:SetDefaultPolicyVersion')
    policy.defaultVersion = versionOf(policy, id)
    return ''
  },

  DeletePolicyVersion(call) {
    const id = call.parameters.required('VersionId', VERSION_ID)
    const policy = ownPolicyFor(call, 'iam:DeletePolicyVersion')
    if (versionOf(policy, id) === policy.defaultVersion)
      throw new AwsError(409, 'DeleteConflict', 'Cannot delete the default version of a policy.')
    policy.versions.delete(id)
    return ''
  },

  GetUser(call) {
    const { world, account, caller, parameters, allow } = call
    const name = parameters.optional('UserName', { ...NAME, max: 64 }) ?? ownName(call)
    const user = account.users.get(name.toLowerCase())
    allow('iam:GetUser', user?.arn ?? iamArn(world.partition, caller.identity.account, `user/${name}`))
    if (user === undefined) throw noSuchEntity(`The user with name ${name} cannot be found.`)
    return tag(
      'User',
      leaf('Path', user.path),
      leaf('UserName', user.name),
      leaf('UserId', user.id),
      leaf('Arn', user.arn),
      leaf('CreateDate', isoSeconds(user.created)),
    )
  },

  GetAccountSummary(call) {
    const { account, allow } = call
    allow('iam:GetAccountSummary', '*')
    const summary = {
      Users: account.users.size,
      Roles: account.roles.size,
      RolesQuota: account.rolesQuota,
      Policies: account.policies.size,
      AssumeRolePolicySizeQuota: TRUST_SIZE_QUOTA,
      RolePolicySizeQuota: INLINE_SIZE_QUOTA,
      PolicySizeQuota: MANAGED_SIZE_QUOTA,
      AttachedPoliciesPerRoleQuota: ATTACHED_QUOTA,
      VersionsPerPolicyQuota: VERSIONS_QUOTA,
    }
    const entries = Object.entries(summary).map(([key, value]) =>
      tag('entry', leaf('key', key), leaf('value', value)),
    )
    return tag('SummaryMap', ...entries)
  },
}

function policyFor(call: IamCall, action: string): ManagedPolicy {
  const arn = call.parameters.required('PolicyArn', POLICY_ARN)
  call.allow(action, arn)
  return managedPolicyAt(call, arn)
}

/** AWS's own policies belong to nobody who could change them. */
function ownPolicyFor(call: IamCall, action: string): ManagedPolicy {
  const policy = policyFor(call, action)
  if (call.world.awsPolicies.has(policy.arn))
    throw new AwsError(403, 'AccessDenied', `The policy ${policy.arn} is managed by AWS.`)
  return policy
}

function versionOf(policy: ManagedPolicy, id: string): PolicyVersion {
  const version = policy.versions.get(id)
  if (version === undefined) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist.`)
  return version
}

function versionFields(policy: ManagedPolicy, version: PolicyVersion): string {
  return [
    leaf('VersionId', version.id),
    leaf('IsDefaultVersion', version === policy.defaultVersion),
    leaf('CreateDate', isoSeconds(version.created)),
  ].join('')
}

function attachments({ account }: IamCall, { arn }: ManagedPolicy): number {
  return [...account.users.values(), ...account.roles.values()].filter(({ attached }) => attached.has(arn))
    .length
}

function ownName({ caller }: IamCall): string {
  if (caller.kind === 'user') return caller.identity.name
  throw validationError('Must specify userName when calling with non-User credentials')
}

function isoSeconds(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z')
}
