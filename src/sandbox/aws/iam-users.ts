/** IAM's actions on users: the people with keys of their own, those keys, and their inline policies. */
import { randomBytes } from 'node:crypto'
import { iamArn } from './arn.ts'
import { readPolicy } from './documents.ts'
import { AwsError, deleteConflict, limitExceeded, noSuchEntity, validationError } from './errors.ts'
import {
  type IamAction,
  type IamCall,
  isoSeconds,
  NAME,
  POLICY_TEXT,
  pageAnswer,
  pageOf,
} from './iam-call.ts'
import { countedSize } from './policy-json.ts'
import { newUser, type User, uniqueId } from './state.ts'
import { leaf, tag } from './xml.ts'

const USER_NAME = { ...NAME, max: 64 }
const ACCESS_KEY_ID = { pattern: /^\w+$/, min: 16, max: 128 }
export const KEYS_QUOTA = 2
export const USER_INLINE_SIZE_QUOTA = 2048

export const USER_ACTIONS: Readonly<Record<string, IamAction>> = {
  CreateUser({ world, account, parameters, allow }) {
    const name = parameters.required('UserName', USER_NAME)
    allow('iam:CreateUser', iamArn(world.partition, account.id, `user/${name}`))
    if (account.users.has(name.toLowerCase()))
      throw new AwsError(409, 'EntityAlreadyExists', `User with name ${name} already exists.`)
    return tag('User', userFields(newUser(world, account, name)))
  },

  GetUser(call) {
    const given = call.parameters.optional('UserName', USER_NAME)
    return tag('User', userFields(userFor(call, 'iam:GetUser', given ?? ownName(call))))
  },

  ListUsers(call) {
    const { world, account, parameters, allow } = call
    const prefix = parameters.optional('PathPrefix') ?? '/'
    allow('iam:ListUsers', iamArn(world.partition, account.id, `user${prefix}`))
    const users = [...account.users].filter(([, { path }]) => path.startsWith(prefix)).sort(byFirst)
    const page = pageOf(call, users, ([name]) => name)
    return pageAnswer('Users', page, ([, user]) => tag('member', userFields(user)))
  },

  /** Whoever is made anew by this name is somebody else, with another unique id. */
  DeleteUser(call) {
    const user = userFor(call, 'iam:DeleteUser')
    if (user.keys.size > 0) throw deleteConflict('must delete access keys first.')
    if (user.inline.size > 0) throw deleteConflict('must delete policies first.')
    call.account.users.delete(user.name.toLowerCase())
    call.world.identities.delete(user.id)
    return ''
  },

  CreateAccessKey(call) {
    const { world } = call
    const user = userFor(call, 'iam:CreateAccessKey')
    if (user.keys.size >= KEYS_QUOTA)
      throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${KEYS_QUOTA}`)
    const accessKeyId = uniqueId('AKIA')
    const secret = randomBytes(30).toString('base64')
    user.keys.set(accessKeyId, world.clock.now())
    const caller = { kind: 'user', identity: user, label: user.name } as const
    world.credentials.set(accessKeyId, { accessKeyId, secret, caller })
    return tag('AccessKey', keyFields(user, accessKeyId), leaf('SecretAccessKey', secret))
  },

  ListAccessKeys(call) {
    const user = userFor(call, 'iam:ListAccessKeys')
    const page = pageOf(call, [...user.keys.keys()].sort(), (id) => id)
    return pageAnswer('AccessKeyMetadata', page, (id) => tag('member', keyFields(user, id)))
  },

  DeleteAccessKey(call) {
    const id = call.parameters.required('AccessKeyId', ACCESS_KEY_ID)
    const user = userFor(call, 'iam:DeleteAccessKey')
    if (!user.keys.delete(id)) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`)
    return ''
  },

  PutUserPolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const text = call.parameters.required('PolicyDocument', POLICY_TEXT)
    const user = userFor(call, 'iam:PutUserPolicy')
    const policy = readPolicy(call.world, 'identity', text)
    const others = [...user.inline].filter(([other]) => other !== name)
    const size = others.reduce((sum, [, other]) => sum + countedSize(other.text), countedSize(text))
    if (size > USER_INLINE_SIZE_QUOTA)
      throw limitExceeded(
        `Maximum policy size of ${USER_INLINE_SIZE_QUOTA} bytes exceeded for user ${user.name}`,
      )
    user.inline.set(name, policy)
    return ''
  },

  GetUserPolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const user = userFor(call, 'iam:GetUserPolicy')
    const policy = user.inline.get(name)
    if (policy === undefined) throw noSuchEntity(`The user policy with name ${name} cannot be found.`)
    return (
      leaf('UserName', user.name) +
      leaf('PolicyName', name) +
      leaf('PolicyDocument', encodeURIComponent(policy.text))
    )
  },

  ListUserPolicies(call) {
    const user = userFor(call, 'iam:ListUserPolicies')
    const page = pageOf(call, [...user.inline.keys()].sort(), (name) => name)
    return pageAnswer('PolicyNames', page, (name) => leaf('member', name))
  },

  DeleteUserPolicy(call) {
    const name = call.parameters.required('PolicyName', NAME)
    const user = userFor(call, 'iam:DeleteUserPolicy')
    if (!user.inline.delete(name)) throw noSuchEntity(`The user policy with name ${name} cannot be found.`)
    return ''
  },
}

function userFor(
  { world, account, parameters, allow }: IamCall,
  action: string,
  name: string = parameters.required('UserName', USER_NAME),
): User {
  const user = account.users.get(name.toLowerCase())
  allow(action, user?.arn ?? iamArn(world.partition, account.id, `user/${name}`))
  if (user === undefined) throw noSuchEntity(`The user with name ${name} cannot be found.`)
  return user
}

function ownName({ caller }: IamCall): string {
  if (caller.kind === 'user') return caller.identity.name
  throw validationError('Must specify userName when calling with non-User credentials')
}

function userFields(user: User): string {
  return [
    leaf('Path', user.path),
    leaf('UserName', user.name),
    leaf('UserId', user.id),
    leaf('Arn', user.arn),
    leaf('CreateDate', isoSeconds(user.created)),
  ].join('')
}

function keyFields(user: User, id: string): string {
  return [
    leaf('UserName', user.name),
    leaf('AccessKeyId', id),
    leaf('Status', 'Active'),
    leaf('CreateDate', isoSeconds(user.keys.get(id) ?? 0)),
  ].join('')
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
