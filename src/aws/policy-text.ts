/** Policies as IAM holds them: read, compared with what they should be, and mended without giving anything away. */
import type { PolicyDocument } from '../core/grant.ts'

/** IAM answers policies percent-encoded; undefined for what is none. */
export function decodePolicy(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(decodeURIComponent(text))
  } catch {
    return undefined
  }
}

type Statement = Readonly<Record<string, unknown>>

export function statementsOf(document: unknown): readonly Statement[] {
  if (!isObject(document)) return []
  const { Statement: statements } = document
  return (Array.isArray(statements) ? statements : [statements]).filter(isObject)
}

function isDenial(statement: Statement): boolean {
  return statement.Effect === 'Deny'
}

/**
 * The text that brings a policy to what it should be; undefined where it is that already.
 * What others allowed goes; what others denied is somebody's early end, and stays. `former`: what the app itself wrote
 * before the grant was extended.
 */
export function mend(
  current: unknown,
  wanted: PolicyDocument,
  former: readonly PolicyDocument[] = [],
): string | undefined {
  const own = new Set([wanted, ...former].flatMap(({ Statement }) => Statement).map(canonical))
  const sids = new Set<unknown>(wanted.Statement.map(({ Sid }) => Sid))
  const denials = statementsOf(current).filter(
    (statement) => isDenial(statement) && !own.has(canonical(statement)),
  )
  const mended = {
    Version: wanted.Version,
    // A Sid may stand only once in a policy.
    Statement: [
      ...wanted.Statement,
      ...denials.map((it) => (sids.has(it.Sid) ? { ...it, Sid: undefined } : it)),
    ],
  }
  return canonical(mended) === canonical(current) ? undefined : JSON.stringify(mended)
}

export function isOneOf(documents: readonly PolicyDocument[], current: unknown): boolean {
  return documents.some((document) => canonical(document) === canonical(current))
}

/** Whether a policy allows anything that none of the app's own does; what can't be read may. */
export function allowsMore(current: unknown, own: readonly PolicyDocument[]): boolean {
  const written = new Set(own.flatMap(({ Statement }) => Statement).map(canonical))
  const statements = statementsOf(current)
  return (
    statements.length === 0 ||
    statements.some((statement) => !isDenial(statement) && !written.has(canonical(statement)))
  )
}

/** What is to become of a policy that others put on a role: only its denials may stay. */
export function keepDenials(
  current: unknown,
): { kind: 'keep' } | { kind: 'delete' } | { kind: 'replace'; text: string } {
  const statements = statementsOf(current)
  const denials = statements.filter(isDenial)
  if (denials.length === 0) return { kind: 'delete' }
  if (denials.length === statements.length) return { kind: 'keep' }
  return { kind: 'replace', text: JSON.stringify({ ...(current as object), Statement: denials }) }
}

/**
 * The trust policy as it should be, except for a principal that was deleted: IAM then shows its unique id. Nobody gets in
 * by that, and to name it again would let in whoever was made under the same name since.
 */
export function withDeletedPrincipal(current: unknown, wanted: PolicyDocument): PolicyDocument {
  const deleted = new Map(
    statementsOf(current).flatMap(({ Sid, Principal: principal }) => {
      const id = isObject(principal) ? principal.AWS : undefined
      return typeof id === 'string' && /^A(IDA|ROA)[A-Z0-9]+$/.test(id) ? [[Sid, id]] : []
    }),
  )
  return {
    ...wanted,
    Statement: wanted.Statement.map((statement) => {
      const id = deleted.get(statement.Sid)
      return id === undefined ? statement : { ...statement, Principal: { AWS: id } }
    }),
  }
}

/** Equal for policies that mean the same: order, and a list of one against the one itself, make no difference. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const items = [...new Set(value.map(canonical))].sort()
    return items.length === 1 ? (items[0] ?? '') : `[${items.join()}]`
  }
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(
      ([key, item]) =>
        `${JSON.stringify(key)}:${canonical(key === 'Principal' && item === '*' ? { AWS: '*' } : item)}`,
    )
  return `{${entries.sort().join()}}`
}

function isObject(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
