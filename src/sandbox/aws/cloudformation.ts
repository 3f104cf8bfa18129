/** Reads the CloudFormation templates of `deploy/`, so that the sandbox's app runs by exactly what an operator installs. */
import { load } from 'js-yaml'
import { iamArn } from './arn.ts'
import { isObject, type Json, type JsonObject } from './policy-json.ts'
import type { SeedIamRole, SeedManagedPolicy } from './seed.ts'

export interface StackAccount {
  readonly id: string
  readonly partition: string
  readonly region: string
}

export interface Stack {
  readonly managedPolicies: readonly SeedManagedPolicy[]
  readonly roles: readonly SeedIamRole[]
  readonly outputs: Readonly<Record<string, string>>
}

export type StackParameters = Readonly<Record<string, string | readonly string[]>>

interface Scope {
  readonly template: JsonObject
  readonly account: StackAccount
  readonly parameters: ReadonlyMap<string, string | readonly string[]>
  readonly resources: ReadonlyMap<string, JsonObject>
}

type Intrinsic = (argument: Json, scope: Scope) => Json | undefined

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Parameters',
  'Conditions',
  'Resources',
  'Outputs',
]

/** Throws at whatever it does not know: half a template would be another policy than the one installed. */
export function deployTemplate(source: string, parameters: StackParameters, account: StackAccount): Stack {
  const template = load(source, { maxAliases: 0 }) as Json
  if (!isObject(template)) throw new Error('the template is not an object')
  refuseUnknown(template, SECTIONS, 'the template')
  const resources = new Map(
    Object.entries(section(template, 'Resources')).map(([id, it]) => [id, object(it, id)]),
  )
  const scope = { template, account, parameters: readParameters(template, parameters), resources }
  const managedPolicies: SeedManagedPolicy[] = []
  const roles: SeedIamRole[] = []
  for (const [id, resource] of resources) {
    refuseUnknown(resource, ['Type', 'Properties'], id)
    const properties = object(resolve(resource.Properties ?? {}, scope), id)
    if (resource.Type === 'AWS::IAM::Role') roles.push(readRole(properties, id))
    else if (resource.Type === 'AWS::IAM::ManagedPolicy')
      managedPolicies.push(readManagedPolicy(properties, id))
    else throw new Error(`${id} is of a type that is not known: ${String(resource.Type)}`)
  }
  return { managedPolicies, roles, outputs: readOutputs(scope) }
}

function readParameters(template: JsonObject, given: StackParameters): Scope['parameters'] {
  const declared = section(template, 'Parameters')
  refuseUnknown(given, Object.keys(declared), 'the parameters given')
  return new Map(
    Object.entries(declared).map(([name, declaration]): [string, string | readonly string[]] => {
      const { Type: type, Default: fallback, AllowedPattern: pattern } = object(declaration, name)
      const value = given[name] ?? (typeof fallback === 'string' ? fallback : undefined)
      if (value === undefined) throw new Error(`the parameter ${name} is missing`)
      const values =
        typeof value === 'string' && type === 'CommaDelimitedList' ? value.split(',') : [value].flat()
      const allowed = new RegExp(typeof pattern === 'string' ? `^(?:${pattern})$` : '')
      if (!values.every((one) => allowed.test(one)))
        throw new Error(`the parameter ${name} does not match its AllowedPattern`)
      if (type === 'CommaDelimitedList') return [name, values]
      if (type !== 'String' || typeof value !== 'string')
        throw new Error(`the parameter ${name} must be a string`)
      return [name, value]
    }),
  )
}

function readRole(properties: JsonObject, id: string): SeedIamRole {
  const known = [
    'RoleName',
    'Path',
    'Description',
    'AssumeRolePolicyDocument',
    'Policies',
    'MaxSessionDuration',
  ]
  refuseUnknown(properties, known, id)
  const { Description: description, MaxSessionDuration: maxSessionDuration } = properties
  const policies = list(properties.Policies ?? [], id).map((policy) => {
    const { PolicyName: name, PolicyDocument: document, ...rest } = object(policy, id)
    refuseUnknown(rest, [], id)
    return [text(name, id), document] as const
  })
  return {
    name: text(properties.RoleName, id),
    path: text(properties.Path ?? '/', id),
    trust: properties.AssumeRolePolicyDocument,
    policies: Object.fromEntries(policies),
    sessions: [],
    ...(description !== undefined && { description: text(description, id) }),
    ...(typeof maxSessionDuration === 'number' && { maxSessionDuration }),
  }
}

function readManagedPolicy(properties: JsonObject, id: string): SeedManagedPolicy {
  refuseUnknown(properties, ['ManagedPolicyName', 'Path', 'Description', 'PolicyDocument'], id)
  return {
    name: text(properties.ManagedPolicyName, id),
    path: text(properties.Path ?? '/', id),
    document: properties.PolicyDocument,
  }
}

function readOutputs(scope: Scope): Record<string, string> {
  const outputs = Object.entries(section(scope.template, 'Outputs')).map(([name, output]) => {
    const { Value: value, Description: _, ...rest } = object(output, name)
    refuseUnknown(rest, [], name)
    return [name, text(resolve(value ?? null, scope), name)]
  })
  return Object.fromEntries(outputs)
}

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => reference(text(argument, 'Ref'), scope),

  'Fn::GetAtt'(argument, scope) {
    const [id, attribute] = list(argument, 'Fn::GetAtt')
    if (attribute !== 'Arn') throw new Error(`Fn::GetAtt of ${String(attribute)} is not known`)
    return resourceArn(text(id, 'Fn::GetAtt'), scope)
  },

  'Fn::Sub': (argument, scope) =>
    text(argument, 'Fn::Sub').replace(/\$\{([^}]*)\}/g, (_, name: string) =>
      text(reference(name, scope), name),
    ),

  'Fn::Join'(argument, scope) {
    const [separator, parts] = list(argument, 'Fn::Join')
    const texts = list(resolve(parts ?? null, scope), 'Fn::Join').map((part) => text(part, 'Fn::Join'))
    return texts.join(text(separator, 'Fn::Join'))
  },

  'Fn::Split'(argument, scope) {
    const [separator, whole] = list(argument, 'Fn::Split')
    return text(resolve(whole ?? null, scope), 'Fn::Split').split(text(separator, 'Fn::Split'))
  },

  'Fn::If'(argument, scope) {
    const [condition, then, otherwise] = list(argument, 'Fn::If')
    const chosen = isTrue(text(condition, 'Fn::If'), scope) ? then : otherwise
    return resolve(chosen ?? null, scope)
  },

  'Fn::Equals'(argument, scope) {
    const [left, right] = list(argument, 'Fn::Equals').map((side) => resolve(side, scope))
    return text(left, 'Fn::Equals') === text(right, 'Fn::Equals')
  },

  'Fn::Not'(argument, scope) {
    const [value] = list(argument, 'Fn::Not').map((side) => resolve(side, scope))
    if (typeof value !== 'boolean') throw new Error('Fn::Not needs a condition')
    return !value
  },
}

/** Undefined for `AWS::NoValue`, which takes away what holds it. */
function resolve(value: Json, scope: Scope): Json | undefined {
  if (Array.isArray(value)) return value.flatMap((item: Json) => resolve(item, scope) ?? [])
  if (!isObject(value)) return value
  const [first, ...more] = Object.keys(value)
  if (first === 'Ref' || first?.startsWith('Fn::')) {
    const intrinsic = INTRINSICS[first]
    if (intrinsic === undefined || more.length > 0) throw new Error(`${first} is not known here`)
    return intrinsic(value[first] ?? null, scope)
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const)
  return Object.fromEntries(entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item]])))
}

function reference(name: string, scope: Scope): Json | undefined {
  const parameter = scope.parameters.get(name)
  if (parameter !== undefined) return parameter
  const { id, partition, region } = scope.account
  switch (name) {
    case 'AWS::AccountId':
      return id
    case 'AWS::Partition':
      return partition
    case 'AWS::Region':
      return region
    case 'AWS::URLSuffix':
      return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
    case 'AWS::NoValue':
      return undefined
    default:
      // The reference to a managed policy is its ARN; that to a role would be its name, which no template here needs.
      if (scope.resources.get(name)?.Type === 'AWS::IAM::ManagedPolicy') return resourceArn(name, scope)
      throw new Error(`${name} is not known here`)
  }
}

function resourceArn(id: string, scope: Scope): string {
  const { Type: type, Properties: properties = {} } = object(scope.resources.get(id), id)
  const { RoleName: role, ManagedPolicyName: policy, Path: path = '/' } = object(properties, id)
  const resource =
    type === 'AWS::IAM::Role'
      ? `role${text(path, id)}${text(role, id)}`
      : `policy${text(path, id)}${text(policy, id)}`
  return iamArn(scope.account.partition, scope.account.id, resource)
}

function isTrue(condition: string, scope: Scope): boolean {
  const value = resolve(section(scope.template, 'Conditions')[condition] ?? null, scope)
  if (typeof value !== 'boolean') throw new Error(`the condition ${condition} is not known`)
  return value
}

function section(template: JsonObject, name: string): JsonObject {
  return object(template[name] ?? {}, name)
}

function object(value: Json | undefined, where: string): JsonObject {
  if (!isObject(value)) throw new Error(`${where} must be an object`)
  return value
}

function list(value: Json | undefined, where: string): readonly Json[] {
  if (!Array.isArray(value)) throw new Error(`${where} must be a list`)
  return value
}

function text(value: Json | undefined, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where} must be a string`)
  return value
}

function refuseUnknown(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  where: string,
): void {
  for (const key of Object.keys(value))
    if (!known.includes(key)) throw new Error(`${where} has ${key}, which is not known`)
}
