/** The little of GraphQL that one mutation with its input and its selection needs: what it asks is read, never guessed. */
import { Refused } from './failure.ts'

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }

export interface Field {
  readonly name: string
  readonly alias: string
  readonly input: Readonly<Record<string, Value>>
  readonly selection: readonly Field[]
}

const TOKEN = /"(?:[^"\\]|\\.)*"|\.{3}|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}()[\]:$!=@]/g

/** The fields that a mutation asks for. Fragments, directives and defaults are not known here. */
export function readMutation(query: string, variables: Readonly<Record<string, Value>>): readonly Field[] {
  const tokens = query.replace(/#[^\n]*/g, '').match(TOKEN) ?? []
  let position = 0
  const next = () => tokens[position++] ?? fail()
  const isNext = (token: string) => tokens[position] === token
  const take = (token: string) => {
    if (next() !== token) fail()
  }

  function fields(): Field[] {
    if (!isNext('{')) return []
    take('{')
    const found: Field[] = []
    while (!isNext('}')) found.push(field())
    take('}')
    return found
  }

  function field(): Field {
    const first = name()
    const renamed = isNext(':')
    if (renamed) take(':')
    const own = renamed ? name() : first
    const given = isNext('(') ? entries('(', ')') : {}
    const { input = {} } = given
    if (!isObject(input)) return fail()
    return { name: own, alias: first, input, selection: fields() }
  }

  function entries(open: string, close: string): Record<string, Value> {
    take(open)
    const found: Record<string, Value> = {}
    while (!isNext(close)) {
      const key = name()
      take(':')
      found[key] = value()
    }
    take(close)
    return found
  }

  function value(): Value {
    if (isNext('{')) return entries('{', '}')
    const token = next()
    if (token === '$') return variables[name()] ?? null
    if (token.startsWith('"')) return JSON.parse(token)
    if (/^-?\d/.test(token)) return Number(token)
    if (token === 'true' || token === 'false') return token === 'true'
    return token === 'null' ? null : /^\w+$/.test(token) ? token : fail()
  }

  function name(): string {
    const token = next()
    return /^[A-Za-z_]\w*$/.test(token) ? token : fail()
  }

  if (!isNext('mutation')) return fail()
  take('mutation')
  if (!isNext('{') && !isNext('(')) name()
  // What types the variables have is the server's to know.
  if (isNext('(')) while (next() !== ')');
  return fields()
}

function isObject(value: Value): value is { readonly [name: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of what is known, what was asked for. */
export function select(known: Readonly<Record<string, unknown>>, selection: readonly Field[]): unknown {
  return Object.fromEntries(
    selection.map(({ name, alias, selection: below }) => {
      const value = known[name]
      if (value === undefined) throw new GraphQlError(`Field '${name}' doesn't exist on this type`)
      const isObject = typeof value === 'object' && value !== null
      return [alias, isObject ? select({ ...value }, below) : value]
    }),
  )
}

/** Answered with status 200, as GraphQL does. */
export class GraphQlError extends Error {
  readonly type: string

  constructor(message: string, type = 'UNPROCESSABLE') {
    super(message)
    this.type = type
  }
}

function fail(): never {
  throw new Refused(400, 'Problems parsing GraphQL: the sandbox reads one mutation with plain fields')
}
