/** IAM's actions on managed policies, and on the account as a whole. */
import { iamArn } from './arn.ts'
import { readPolicy } from './documents.ts'
import { AwsError, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts'
import {
  type IamAction,
  type IamCall,
  isoSeconds,
  type Keys,
  managedPolicyAt,
  NAME,
  PATH,
  POLICY_ARN,
  POLICY_TEXT,
  pageAnswer,
  pageOf,
} from './iam-call.ts'
import { ATTACHED_QUOTA, INLINE_SIZE_QUOTA } from './iam-role-policies.ts'
import { TRUST_SIZE_QUOTA } from './iam-roles.ts'
import { addTags, readTags, removeTags, requestTags, TAG_KEY, tagMembers } from './iam-tags.ts'
import { KEYS_QUOTA, USER_INLINE_SIZE_QUOTA } from './iam-users.ts'
import type { Policy } from './policy.ts'
import { countedSize } from './policy-json.ts'
import { type ManagedPolicy, newManagedPolicy, type PolicyVersion } from './state.ts'
import { leaf, tag } from './xml.ts'

const MANAGED_SIZE_QUOTA = 6144
const VERSIONS_QUOTA = 5
const VERSION_ID = { pattern: /^v[1-9][0-9]*$/ }

export const POLICY_ACTIONS: Readonly<Record<string, IamAction>> = {
  CreatePolicy(call) {
    const { world, account, parameters, allow } = call
    const name = parameters.required('PolicyName', NAME)
    const path = parameters.optional('Path', PATH) ?? '/'
    const text = parameters.required('PolicyDocument', POLICY_TEXT)
    const tags = readTags(parameters)
    const arn = iamArn(world.partition, account.id, `policy${path}${name}`)
    allow('iam:CreatePolicy', arn, requestTags(tags))
    const compiled = readManaged(call, text)
    if ([...account.policies.values()].some((other) => other.name.toLowerCase() === name.toLowerCase()))
      throw new AwsError(409, 'EntityAlreadyExists', `A policy called ${name} already exists.`)
    const policy = newManagedPolicy(world, account.id, { name, path, policy: compiled })
    addTags('Policy', policy.tags, tags)
    account.policies.set(policy.arn, policy)
    return tag('Policy', policyFields(call, policy))
  },

  GetPolicy(call) {
    const policy = policyFor(call, 'iam:GetPolicy')
    const tags = policy.tags.size > 0 ? tagMembers(policy.tags) : ''
    return tag('Policy', policyFields(call, policy), tags)
  },

  ListPolicies(call) {
    const { world, account, parameters, allow } = call
    const scope = parameters.optional('Scope', { pattern: /^(All|AWS|Local)$/ }) ?? 'All'
    const prefix = parameters.optional('PathPrefix') ?? '/'
    allow('iam:ListPolicies', iamArn(world.partition, account.id, `policy${prefix}`))
    const policies = [
      ...(scope === 'AWS' ? [] : account.policies.values()),
      ...(scope === 'Local' ? [] : world.awsPolicies.values()),
    ].filter(({ path }) => path.startsWith(prefix))
    policies.sort((a, b) => (a.arn < b.arn ? -1 : 1))
    const page = pageOf(call, policies, ({ arn }) => arn)
    return pageAnswer('Policies', page, (policy) => tag('member', policyFields(call, policy)))
  },

  DeletePolicy(call) {
    const policy = ownPolicyFor(call, 'iam:DeletePolicy')
    if (attachments(call, policy) > 0 || isBoundary(call, policy))
      throw deleteConflict('must detach all policies first.')
    if (policy.versions.size > 1) throw deleteConflict('must delete its other versions first.')
    call.account.policies.delete(policy.arn)
    return ''
  },

  TagPolicy(call) {
    const tags = readTags(call.parameters)
    const policy = ownPolicyFor(call, 'iam:TagPolicy', requestTags(tags))
    addTags('Policy', policy.tags, tags)
    return ''
  },

  UntagPolicy(call) {
    const keys = call.parameters.texts('TagKeys', TAG_KEY)
    const policy = ownPolicyFor(call, 'iam:UntagPolicy', { 'aws:TagKeys': keys })
    removeTags(policy.tags, keys)
    return ''
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
    const compiled = readManaged(call, text)
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
      throw deleteConflict('it is the default version of a policy.')
    policy.versions.delete(id)
    return ''
  },

  GetAccountSummary(call) {
    const { account, allow } = call
    allow('iam:GetAccountSummary', '*')
    const summary = {
      Users: account.users.size,
      AccessKeysPerUserQuota: KEYS_QUOTA,
      UserPolicySizeQuota: USER_INLINE_SIZE_QUOTA,
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

function readManaged({ world }: IamCall, text: string): Policy {
  const policy = readPolicy(world, 'identity', text)
  if (countedSize(text) > MANAGED_SIZE_QUOTA)
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MANAGED_SIZE_QUOTA}`)
  return policy
}

function policyFor(call: IamCall, action: string, keys?: Keys): ManagedPolicy {
  const arn = call.parameters.required('PolicyArn', POLICY_ARN)
  call.allow(action, arn, keys)
  return managedPolicyAt(call, arn)
}

/** AWS's own policies belong to nobody who could change them. */
function ownPolicyFor(call: IamCall, action: string, keys?: Keys): ManagedPolicy {
  const policy = policyFor(call, action, keys)
  if (call.world.awsPolicies.has(policy.arn))
    throw new AwsError(403, 'AccessDenied', `The policy ${policy.arn} is managed by AWS.`)
  return policy
}

function policyFields(call: IamCall, policy: ManagedPolicy): string {
  return [
    leaf('PolicyName', policy.name),
    leaf('PolicyId', policy.id),
    leaf('Arn', policy.arn),
    leaf('Path', policy.path),
    leaf('DefaultVersionId', policy.defaultVersion.id),
    leaf('AttachmentCount', attachments(call, policy)),
    leaf('IsAttachable', true),
    leaf('CreateDate', isoSeconds(policy.created)),
  ].join('')
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

function isBoundary({ account }: IamCall, { arn }: ManagedPolicy): boolean {
  return [...account.roles.values()].some(({ boundary }) => boundary?.arn === arn)
}
