/** Whether a permissions boundary lets a grant do what its own policy allows: IAM takes the smaller of the two. */
import type { PolicyDocument } from './grant.ts'

type Statement = Readonly<Record<string, unknown>>

/**
 * `boundary`: statements as IAM holds them. Their conditions are taken to be met, but where they deny: false says that AWS surely
 * denies some of it, true that it may allow all.
 */
export function isWithin(boundary: readonly Statement[], { Statement: own }: PolicyDocument): boolean {
  const wanted = own
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      listOf(Action).flatMap((action) => listOf(Resource).map((resource) => [action, resource] as const)),
    )
  return wanted.every(
    ([action, resource]) =>
      boundary.some((it) => it.Effect === 'Allow' && isOf(it, action, resource)) &&
      !boundary.some((it) => isSureDenial(it) && isOf(it, action, resource)),
  )
}

/** Whom one with a condition or a variable denies, nobody can say beforehand. */
function isSureDenial(statement: Statement): boolean {
  return (
    statement.Effect === 'Deny' &&
    statement.Condition === undefined &&
    !JSON.stringify(statement).includes('${')
  )
}

function isOf({ Action, NotAction, Resource, NotResource }: Statement, action: string, resource: string) {
  const isAction = named(Action, NotAction, action, 'i')
  return isAction && named(Resource, NotResource, resource, '')
}

function named(wanted: unknown, unwanted: unknown, name: string, flags: 'i' | ''): boolean {
  const matches = (patterns: unknown) =>
    listOf(patterns).some((pattern) => regExpOf(pattern, flags).test(name))
  return unwanted === undefined ? matches(wanted) : !matches(unwanted)
}

function listOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.filter((item) => typeof item === 'string')
}

/** In a policy `*` stands for any text, as a variable may, and `?` for any one character. */
function regExpOf(pattern: string, flags: string): RegExp {
  const source = pattern
    .replaceAll(/\$\{[^}]*\}/g, '*')
    .replaceAll(/[\\^$.+()[\]{}|/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`)
}
