/** Reads a policy document as IAM, S3 and KMS do, and says in their words why one is refused. */
import { type Condition, readCondition } from './conditions.ts'
import { type Pattern, parsePattern } from './pattern.ts'
import type { Principal, Statement } from './policy.ts'
import { asList, isObject, type Json, type JsonObject } from './policy-json.ts'

/** Where the policy is put decides which elements it must have and which it may not. */
export type PolicyKind = 'identity' | 'trust' | 'bucket' | 'key'

/** Raised inside this file only; `readStatements` turns it into a value. */
class Refused extends Error {}

export type Reading =
  | { readonly ok: true; readonly statements: readonly Statement[] }
  | { readonly ok: false; readonly problem: string }

const POLICY_ELEMENTS = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])
const TRUST_ACTIONS = new Set([
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:tagsession',
  'sts:setsourceidentity',
])
const ACTION = /^(\*|[a-z0-9][a-z0-9-]*:[A-Za-z0-9*?]+)$/i
const RESOURCE = /^(\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$/s
const POLICY_CHARACTERS = /^[\t\n\r\u0020-\u00ff]+$/

export function hasPolicyCharacters(text: string): boolean {
  return POLICY_CHARACTERS.test(text)
}

/** The principals of `document` are expected in their stored form (see principals.ts). */
export function readStatements(document: Json, kind: PolicyKind): Reading {
  try {
    return { ok: true, statements: readDocument(document, kind) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problem: error.message }
    throw error
  }
}

function readDocument(document: Json, kind: PolicyKind): Statement[] {
  if (!isObject(document)) throw new Refused('Syntax errors in policy.')
  refuseUnknown(document, POLICY_ELEMENTS)
  const version = document.Version ?? '2008-10-17'
  if (version !== '2008-10-17' && version !== '2012-10-17')
    throw new Refused('The policy must contain a valid version string.')
  if (document.Id !== undefined && typeof document.Id !== 'string')
    throw new Refused('Syntax errors in policy.')
  const list = asList(document.Statement)
  if (list.length === 0) throw new Refused('Syntax errors in policy.')
  const sids = new Set<string>()
  return list.map((statement) => {
    if (!isObject(statement)) throw new Refused('Syntax errors in policy.')
    readSid(statement, kind, sids)
    return readStatement(statement, kind, version === '2012-10-17')
  })
}

function readSid({ Sid: sid }: JsonObject, kind: PolicyKind, seen: Set<string>): void {
  if (sid === undefined) return
  if (typeof sid !== 'string') throw new Refused('Syntax errors in policy.')
  const isText = kind === 'bucket' || kind === 'key' ? /^[\w .-]*$/ : /^[A-Za-z0-9]*$/
  if (!isText.test(sid)) throw new Refused('Statement IDs (SID) must be alpha-numeric.')
  if (sid !== '' && seen.has(sid))
    throw new Refused(`Statement IDs (SID) in a single policy must be unique: ${sid}.`)
  seen.add(sid)
}

function readStatement(statement: JsonObject, kind: PolicyKind, variables: boolean): Statement {
  refuseUnknown(statement, STATEMENT_ELEMENTS)
  const { Effect: effect } = statement
  if (effect !== 'Allow' && effect !== 'Deny') throw new Refused(`Invalid effect: ${String(effect)}`)
  const principals = readPrincipals(statement, kind, effect)
  const resources = readResources(statement, kind, variables)
  return {
    effect,
    actions: readActions(statement, kind),
    conditions: readConditions(statement.Condition, variables),
    ...(principals && { principals }),
    ...(resources && { resources }),
  }
}

function readActions(statement: JsonObject, kind: PolicyKind): Statement['actions'] {
  const { negated, values } = choose(
    statement,
    'Action',
    'NotAction',
    'Policy statement must contain actions.',
  )
  for (const action of values) {
    if (!ACTION.test(action))
      throw new Refused('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
    // Whether AWS would take a wildcard or NotAction here is not documented: refused, to be on the strict side.
    if (kind === 'trust' && (negated || !TRUST_ACTIONS.has(action.toLowerCase())))
      throw new Refused('AssumeRole policy may only specify STS AssumeRole actions.')
  }
  // An action may hold wildcards but no variables.
  return { negated, items: values.map((action) => readPattern(action, false)) }
}

function readResources(statement: JsonObject, kind: PolicyKind, variables: boolean): Statement['resources'] {
  if (kind === 'trust') {
    for (const element of ['Resource', 'NotResource'])
      if (statement[element] !== undefined) throw new Refused(`Has prohibited field ${element}.`)
    return undefined
  }
  const { negated, values } = choose(
    statement,
    'Resource',
    'NotResource',
    'Policy statement must contain resources.',
  )
  for (const resource of values)
    if (!RESOURCE.test(resource)) throw new Refused(`Resource ${resource} must be in ARN format or "*".`)
  return { negated, items: values.map((resource) => readPattern(resource, variables)) }
}

function readPrincipals(
  statement: JsonObject,
  kind: PolicyKind,
  effect: Statement['effect'],
): Statement['principals'] {
  const { Principal: named, NotPrincipal: excepted } = statement
  if (kind === 'identity') {
    if (named !== undefined || excepted !== undefined)
      throw new Refused('Policy document should not specify a principal.')
    return undefined
  }
  if ((named === undefined) === (excepted === undefined))
    throw new Refused('Missing required field Principal.')
  // AWS only advises against Allow with NotPrincipal; it lets in everybody else, so the sandbox refuses it.
  if (excepted !== undefined && (effect === 'Allow' || kind === 'trust'))
    throw new Refused('NotPrincipal must be used with "Effect":"Deny".')
  const element = named ?? excepted
  if (element === '*') return { negated: named === undefined, items: [{ kind: 'everyone' }] }
  if (!isObject(element)) throw new Refused('Invalid principal in policy.')
  const items = Object.entries(element).flatMap(([type, value]) =>
    texts(value).map((text) => readPrincipal(type, text)),
  )
  if (items.length === 0) throw new Refused('Invalid principal in policy.')
  return { negated: named === undefined, items }
}

function readPrincipal(type: string, text: string): Principal {
  if (type === 'AWS') {
    if (text === '*') return { kind: 'everyone' }
    const account = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(text)?.[1]
    if (account !== undefined) return { kind: 'account', account }
    if (/^A(IDA|ROA)[A-Z0-9]+(:[\w+=,.@-]+)?$/.test(text)) return { kind: 'id', id: text }
  }
  if (type === 'Service' && /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(text)) return { kind: 'outside' }
  if (type === 'Federated' && /^(arn:[\w-]+:iam::\d{12}:(saml|oidc)-provider\/\S+|[a-z0-9.-]+)$/.test(text))
    return { kind: 'outside' }
  throw new Refused(`Invalid principal in policy: "${type}":"${text}"`)
}

function readConditions(block: Json | undefined, variables: boolean): Condition[] {
  if (block === undefined) return []
  if (!isObject(block)) throw new Refused('Syntax errors in policy.')
  return Object.entries(block).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new Refused('Syntax errors in policy.')
    return Object.entries(keys).map(([key, value]) => {
      if (!/^[A-Za-z0-9-]+:\S/.test(key))
        throw new Refused(`Condition key ${key} must be prefaced by a vendor.`)
      const condition = readCondition(operator, key, conditionValues(value), variables)
      if (typeof condition === 'string') throw new Refused(condition)
      return condition
    })
  })
}

function conditionValues(value: Json): string[] {
  const list = asList(value)
  // What an empty list would mean is not documented.
  if (list.length === 0) throw new Refused('Syntax errors in policy.')
  return list.map((item) => {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean')
      throw new Refused('Syntax errors in policy.')
    return String(item)
  })
}

/** Exactly one of an element and its negation. */
function choose(statement: JsonObject, plain: string, negation: string, missing: string) {
  const [named, excepted] = [statement[plain], statement[negation]]
  if (named !== undefined && excepted !== undefined) throw new Refused('Syntax errors in policy.')
  const values = texts(named ?? excepted)
  if (values.length === 0) throw new Refused(missing)
  return { negated: named === undefined, values }
}

function texts(value: Json | undefined): string[] {
  return asList(value).map((item) => {
    if (typeof item !== 'string') throw new Refused('Syntax errors in policy.')
    return item
  })
}

function readPattern(text: string, variables: boolean): Pattern {
  const pattern = parsePattern(text, { wildcards: true, variables })
  if (pattern === undefined) throw new Refused(`Invalid policy variable in ${text}.`)
  return pattern
}

function refuseUnknown(object: JsonObject, known: ReadonlySet<string>): void {
  for (const element of Object.keys(object))
    if (!known.has(element)) throw new Refused(`Syntax errors in policy: ${element}.`)
}
