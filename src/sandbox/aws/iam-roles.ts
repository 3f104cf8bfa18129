/** IAM's actions on roles themselves: making, reading, changing and deleting them, their trust, boundary and tags. */
import { iamArn } from './arn.ts'
import { readPolicy, showPolicy } from './documents.ts'
import { AwsError, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts'
import {
  changeableRoleFor,
  type IamAction,
  type IamCall,
  isoSeconds,
  managedPolicyAt,
  noKeys,
  PATH,
  POLICY_ARN,
  POLICY_TEXT,
  pageAnswer,
  pageOf,
  ROLE_NAME,
  roleFor,
} from './iam-call.ts'
import { addTags, readTags, removeTags, requestTags, sortedTags, TAG_KEY, tagMembers } from './iam-tags.ts'
import { countedSize } from './policy-json.ts'
import { newRole, type Role, type World } from './state.ts'
import { leaf, tag } from './xml.ts'

/** AWS looks back no further. */
const TRACKED_MS = 400 * 24 * 60 * 60 * 1000

export const TRUST_SIZE_QUOTA = 2048

const PATH_PREFIX = { pattern: /^\/[\u0021-\u007e]*$/, min: 1, max: 512 }
const DESCRIPTION = { pattern: /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/, max: 1000 }
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
    addTags('Role', role.tags, tags)
    return tag('Role', roleFields(world, role), boundaryFields(role), tagFields(role))
  },

  GetRole(call) {
    const role = roleFor(call, 'iam:GetRole')
    return tag(
      'Role',
      roleFields(call.world, role),
      boundaryFields(role),
      tagFields(role),
      tag('RoleLastUsed', lastUseFields(call.world, role)),
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
    return pageAnswer('Roles', pageOf(call, roles, byPlace), (role) => tag('member', roleFields(world, role)))
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
    addTags('Role', role.tags, tags)
    return ''
  },

  UntagRole(call) {
    const keys = call.parameters.texts('TagKeys', TAG_KEY)
    const role = changeableRoleFor(call, 'iam:UntagRole', () => ({ 'aws:TagKeys': keys }))
    removeTags(role.tags, keys)
    return ''
  },

  ListRoleTags(call) {
    const role = roleFor(call, 'iam:ListRoleTags', noKeys)
    const page = pageOf(call, sortedTags(role.tags), ([key]) => key)
    return (
      tagMembers(page.items) + leaf('IsTruncated', page.marker !== undefined) + leaf('Marker', page.marker)
    )
  },
}

function readTrust({ seen }: IamCall, text: string) {
  const trust = readPolicy(seen, 'trust', text)
  if (countedSize(text) > TRUST_SIZE_QUOTA)
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_SIZE_QUOTA}`)
  return trust
}

function roleFields(world: World, role: Role): string {
  return [
    leaf('Path', role.path),
    leaf('RoleName', role.name),
    leaf('RoleId', role.id),
    leaf('Arn', role.arn),
    leaf('CreateDate', isoSeconds(role.created)),
    leaf('AssumeRolePolicyDocument', encodeURIComponent(showPolicy(world, role.trust))),
    leaf('Description', role.description),
    leaf('MaxSessionDuration', role.maxSessionDuration),
  ].join('')
}

function lastUseFields({ clock }: World, { lastUsed }: Role): string {
  if (lastUsed === undefined || clock.now() - lastUsed.at > TRACKED_MS) return ''
  return leaf('LastUsedDate', isoSeconds(lastUsed.at)) + leaf('Region', lastUsed.region)
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
  return tags.size === 0 ? '' : tagMembers(tags)
}
