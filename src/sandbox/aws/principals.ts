/** Users and roles in the policies of resources: kept by unique id, shown by ARN as long as they exist. */
import { parseArn } from './arn.ts'
import { isObject, type Json } from './policy-json.ts'
import type { Identity, World } from './state.ts'

/** The document as it is kept, or the principal that does not exist. */
export function storePrincipals(world: World, document: Json): { document: Json } | { invalid: string } {
  let invalid: string | undefined
  const stored = mapPrincipals(document, (text) => {
    const id = storedForm(world, text)
    if (id === undefined) invalid ??= text
    return id ?? text
  })
  return invalid === undefined ? { document: stored } : { invalid }
}

export function showPrincipals(world: World, document: Json): Json {
  return mapPrincipals(document, (text) => shownForm(world, text))
}

function mapPrincipals(document: Json, change: (text: string) => string): Json {
  if (!isObject(document)) return document
  const { Statement: statements } = document
  const changed = Array.isArray(statements) ? statements.map(inStatement) : inStatement(statements ?? null)
  return statements === undefined ? document : { ...document, Statement: changed }

  function inStatement(statement: Json): Json {
    if (!isObject(statement)) return statement
    return Object.fromEntries(
      Object.entries(statement).map(([element, value]) =>
        (element === 'Principal' || element === 'NotPrincipal') && isObject(value) && value.AWS !== undefined
          ? [element, { ...value, AWS: inValue(value.AWS) }]
          : [element, value],
      ),
    )
  }

  function inValue(value: Json): Json {
    if (Array.isArray(value)) return value.map(inValue)
    return typeof value === 'string' ? change(value) : value
  }
}

/** Undefined for a principal that does not exist, and for a unique id, which nobody may write. */
function storedForm(world: World, text: string): string | undefined {
  if (text === '*') return text
  if (/^\d{12}$/.test(text))
    return world.accounts.has(text) ? `arn:${world.partition}:iam::${text}:root` : undefined
  const arn = parseArn(text)
  const account = arn && world.accounts.get(arn.account)
  if (!arn || !account || arn.partition !== world.partition || arn.region !== '') return undefined
  if (arn.service === 'iam' && arn.resource === 'root') return text
  const [type, ...names] = arn.resource.split('/')
  const name = (names.at(-1) ?? '').toLowerCase()
  if (arn.service === 'iam') {
    const identity =
      type === 'user' ? account.users.get(name) : type === 'role' ? account.roles.get(name) : undefined
    return identity?.arn === text ? identity.id : undefined
  }
  if (arn.service !== 'sts' || type !== 'assumed-role' || names.length !== 2) return undefined
  const role = account.roles.get((names[0] ?? '').toLowerCase())
  return role?.name === names[0] ? `${role?.id}:${names[1]}` : undefined
}

function shownForm(world: World, text: string): string {
  const [id = '', session] = text.split(':')
  const identity: Identity | undefined = world.identities.get(id)
  if (identity === undefined) return text
  if (session === undefined) return identity.arn
  return `arn:${world.partition}:sts::${identity.account}:assumed-role/${identity.name}/${session}`
}
