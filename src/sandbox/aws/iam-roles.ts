/** IAM's actions on roles themselves: making, reading, changing and deleting them, their trust, boundary and tags. */
import { iamArn } from './arn.ts'
import { readPolicy, showPolicy } from './documents.ts'
import { AwsError, limitExceeded, noSuchEntity, validationError } from './errors.ts'
import {
  changeableRoleFor,
  type IamAction,
  type IamCall,
  managedPolicyAt,
  noKeys,
  POLICY_ARN,
  POLICY_TEXT,
  pageOf,
  ROLE_NAME,
  roleFor,
} from './iam-call.ts'
import { countedSize } from './policy-json.ts'
import type { Parameters } from './query-protocol.ts'
import { newRole, type Role, type World } from './state.ts'
import { leaf, tag } from './xml.ts'

export const TRUST_SIZE_QUOTA = 2048
const TAGS_QUOTA = 50

const PATH = { pattern: /^(\/|\/[\u0021-\u007e]+\/)$/, min: 1, max: 512 }
const PATH_PREFIX = { pattern: /^\/[\u0021-\u007e]*$/, min: 1, max: 512 }
const DESCRIPTION = { pattern: /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/, max: 1000 }
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const DURATION = { min: 3600, max: 43_200 }

export const ROLE_ACTIONS: Readonly<Record<string, IamAction>> = {
  CreateRole(call) {
    const { world, account, parameters, allow } = call
    const name = parameters.required('RoleName', ROLE_NAME)
    const path = parameters.optional('Path', PATH) ?? '/'
    const text = parameters.required('AssumeRolePolicyDocument', POLICY_TEXT)
    const description = parameters.optional('Description', DESCRIPTION)
    const maxSessionDuration = parameters.integer('MaxSessionDuration', DURATION) ?? 3600
    const boundaryArn = parameters.optional('PermissionsBoundary', POLICY_ARN)
    const tags = readTags(parameters)
    const arn = iamArn(world.partition, account.id, `role${path}${name}`)
    const keys = { 'iam:PermissionsBoundary': boundaryArn, ...requestTags(tags) }
    allow('iam:CreateRole', arn, keys)
    if (tags.size > 0) allow('iam:TagRole', arn, requestTags(tags))
    if (/^\/(aws-reserved|aws-service-role)\//.test(path))
      throw new AwsError(400, 'InvalidInput', `The path ${path} is reserved for AWS.`)
    const trust = readTrust(call, text)
    const boundary = boundaryArn === undefined ? undefined : managedPolicyAt(call, boundaryArn)
    if (account.roles.has(name.toLowerCase()))
      throw new AwsError(409, 'EntityAlreadyExists', `Role with name ${name} already exists.`)
    if (account.roles.size >= account.rolesQuota)
      throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${account.rolesQuota}`)
    const role = newRole(world, account, { name, path, maxSessionDuration })
    role.trust = trust
    if (description !== undefined) role.description = description
    if (boundary !== undefined) role.boundary = boundary
    setTags(role, tags)
    return tag('Role', roleFields(world, role), boundaryFields(role), tagFields(role))
  },

  GetRole(call) {
    const role = roleFor(call, 'iam:GetRole')
    return tag(
      'Role',
      roleFields(call.world, role),
      boundaryFields(role),
      tagFields(role),
      tag('RoleLastUsed'),
    )
  },

  /** Without tags, boundary and last use, as AWS answers it. */
  ListRoles(call) {
    const { world, account, parameters, allow } = call
    const prefix = parameters.optional('PathPrefix', PATH_PREFIX) ?? '/'
    allow('iam:ListRoles', iamArn(world.partition, account.id, `role${prefix}`))
    const roles = [...account.roles.values()].filter(({ path }) => path.startsWith(prefix))
    const byPlace = ({ path, name }: Role) => `${path}${name}`.toLowerCase()
    roles.sort((a, b) => (byPlace(a) < byPlace(b) ? -1 : 1))
    const { items, marker } = pageOf(call, roles, byPlace)
    const members = items.map((role) => tag('member', roleFields(world, role)))
    return tag('Roles', ...members) + leaf('IsTruncated', marker !== undefined) + leaf('Marker', marker)
  },

  UpdateRole(call) {
    const description = call.parameters.optional('Description', DESCRIPTION)
    const maxSessionDuration = call.parameters.integer('MaxSessionDuration', DURATION)
    const role = changeableRoleFor(call, 'iam:UpdateRole')
    if (description !== undefined) role.description = description
    if (maxSessionDuration !== undefined) role.maxSessionDuration = maxSessionDuration
    return ''
  },

  UpdateAssumeRolePolicy(call) {
    const text = call.parameters.required('PolicyDocument', POLICY_TEXT)
    const role = changeableRoleFor(call, 'iam:UpdateAssumeRolePolicy')
    role.trust = readTrust(call, text)
    return ''
  },

  DeleteRole(call) {
    const role = changeableRoleFor(call, 'iam:DeleteRole')
    if (role.inline.size > 0) throw deleteConflict('must delete policies first.')
    if (role.attached.size > 0) throw deleteConflict('must detach all policies first.')
    call.account.roles.delete(role.name.toLowerCase())
    call.world.identities.delete(role.id)
    return ''
  },

  PutRolePermissionsBoundary(call) {
    const arn = call.parameters.required('PermissionsBoundary', POLICY_ARN)
    // Judged by the boundary that is to be, not by the one that is.
    const role = changeableRoleFor(call, 'iam:PutRolePermissionsBoundary', () => ({
      'iam:PermissionsBoundary': arn,
    }))
    role.boundary = managedPolicyAt(call, arn)
    return ''
  },

  DeleteRolePermissionsBoundary(call) {
    const role = changeableRoleFor(call, 'iam:DeleteRolePermissionsBoundary')
    if (role.boundary === undefined)
      throw noSuchEntity(`Role ${role.name} does not have a permissions boundary.`)
    delete role.boundary
    return ''
  },

  TagRole(call) {
    const tags = readTags(call.parameters)
    const role = changeableRoleFor(call, 'iam:TagRole', () => requestTags(tags))
    setTags(role, tags)
    return ''
  },

  UntagRole(call) {
    const keys = call.parameters.texts('TagKeys', { min: 1, max: 128 })
    const role = changeableRoleFor(call, 'iam:UntagRole', () => ({ 'aws:TagKeys': keys }))
    for (const key of keys) role.tags.delete(existingKey(role, key))
    return ''
  },

  ListRoleTags(call) {
    const role = roleFor(call, 'iam:ListRoleTags', noKeys)
    const { items, marker } = pageOf(
      call,
      [...role.tags].sort(([a], [b]) => (a < b ? -1 : 1)),
      ([key]) => key,
    )
    const members = items.map(([key, value]) => tag('member', leaf('Key', key), leaf('Value', value)))
    return tag('Tags', ...members) + leaf('IsTruncated', marker !== undefined) + leaf('Marker', marker)
  },
}

function readTrust({ seen }: IamCall, text: string) {
  const trust = readPolicy(seen, 'trust', text)
  if (countedSize(text) > TRUST_SIZE_QUOTA)
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_SIZE_QUOTA}`)
  return trust
}

function readTags(parameters: Parameters): Map<string, string> {
  const tags = new Map<string, string>()
  for (const member of parameters.members('Tags')) {
    const key = member.required('Key', { pattern: TAG_CHARACTERS, min: 1, max: 128 })
    const value = member.required('Value', { pattern: TAG_CHARACTERS, max: 256 })
    if (/^aws:/i.test(key))
      throw new AwsError(400, 'InvalidInput', 'Tag keys that begin with aws: are reserved.')
    if ([...tags.keys()].some((other) => other.toLowerCase() === key.toLowerCase()))
      throw new AwsError(
        400,
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    tags.set(key, value)
  }
  if (tags.size > TAGS_QUOTA) throw validationError(`A role has at most ${TAGS_QUOTA} tags.`)
  return tags
}

function setTags(role: Role, tags: ReadonlyMap<string, string>): void {
  const added = [...tags.keys()].filter((key) => !role.tags.has(existingKey(role, key)))
  if (role.tags.size + added.length > TAGS_QUOTA)
    throw limitExceeded(`Cannot exceed quota for TagsPerRole: ${TAGS_QUOTA}`)
  for (const [key, value] of tags) role.tags.set(existingKey(role, key), value)
}

/** Tag keys are unique without regard to case, and keep the case they were first written in. */
function existingKey(role: Role, key: string): string {
  return [...role.tags.keys()].find((other) => other.toLowerCase() === key.toLowerCase()) ?? key
}

function requestTags(tags: ReadonlyMap<string, string>) {
  return {
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': tags.size > 0 ? [...tags.keys()] : undefined,
  }
}

function deleteConflict(problem: string): AwsError {
  return new AwsError(409, 'DeleteConflict', `Cannot delete entity, ${problem}`)
}

function roleFields(world: World, role: Role): string {
  return [
    leaf('Path', role.path),
    leaf('RoleName', role.name),
    leaf('RoleId', role.id),
    leaf('Arn', role.arn),
    leaf('CreateDate', new Date(role.created).toISOString().replace(/\.\d+Z$/, 'Z')),
    leaf('AssumeRolePolicyDocument', encodeURIComponent(showPolicy(world, role.trust))),
    leaf('Description', role.description),
    leaf('MaxSessionDuration', role.maxSessionDuration),
  ].join('')
}

function boundaryFields({ boundary }: Role): string {
  if (boundary === undefined) return ''
  return tag(
    'PermissionsBoundary',
    leaf('PermissionsBoundaryType', 'Policy'),
    leaf('PermissionsBoundaryArn', boundary.arn),
  )
}

function tagFields({ tags }: Role): string {
  if (tags.size === 0) return ''
  return tag(
    'Tags',
    ...[...tags].map(([key, value]) => tag('member', leaf('Key', key), leaf('Value', value))),
  )
}
