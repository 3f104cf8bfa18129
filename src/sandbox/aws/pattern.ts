/** Patterns of the policy language: `*`, `?`, the escapes `${*}`, `${?}`, `${$}` and policy variables. */
const ANY = Symbol('any run of characters')
const ONE = Symbol('any one character')

type Unit = string | typeof ANY | typeof ONE

interface Variable {
  readonly key: string
  readonly fallback: string | undefined
}

export type Pattern = readonly (Unit | Variable)[]

/** Looks up the value of a policy variable; undefined where the request has none. */
export type Lookup = (key: string) => string | undefined

export interface PatternOptions {
  /** Whether `*` and `?` stand for other characters. */
  readonly wildcards: boolean
  /** Whether `${…}` means anything: only in policies of version 2012-10-17. */
  readonly variables: boolean
}

const KEY = /^[A-Za-z][\w-]*:[\w./:+=@ -]+$/
const FALLBACK = /^'([^']*)'$/

/** Undefined where `${` opens something that is neither an escape nor a variable. */
export function parsePattern(text: string, { wildcards, variables }: PatternOptions): Pattern | undefined {
  const units: (Unit | Variable)[] = []
  for (let rest = text; rest !== ''; ) {
    if (variables && rest.startsWith('${')) {
      const end = rest.indexOf('}')
      const unit = end < 0 ? undefined : parseReference(rest.slice(2, end))
      if (unit === undefined) return undefined
      units.push(unit)
      rest = rest.slice(end + 1)
      continue
    }
    const [character = ''] = rest
    if (wildcards && character === '*') units.push(ANY)
    else if (wildcards && character === '?') units.push(ONE)
    else units.push(character)
    rest = rest.slice(character.length)
  }
  return units
}

function parseReference(inside: string): Unit | Variable | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const comma = inside.indexOf(',')
  const key = (comma < 0 ? inside : inside.slice(0, comma)).trim()
  if (!KEY.test(key)) return undefined
  if (comma < 0) return { key: key.toLowerCase(), fallback: undefined }
  const fallback = FALLBACK.exec(inside.slice(comma + 1).trim())
  return fallback === null ? undefined : { key: key.toLowerCase(), fallback: fallback[1] }
}

/** A pattern with a variable that has no value matches nothing. */
export function matchesPattern(pattern: Pattern, text: string, lookup: Lookup): boolean {
  const units = fillIn(pattern, lookup)
  return units !== undefined && matchesUnits(units, [...text])
}

/** For names that AWS compares without regard to case, such as actions. */
export function matchesIgnoringCase(pattern: Pattern, text: string, lookup: Lookup): boolean {
  const units = fillIn(pattern, lookup)?.map((unit) => (typeof unit === 'string' ? unit.toLowerCase() : unit))
  return units !== undefined && matchesUnits(units, [...text.toLowerCase()])
}

/** A variable's value is taken literally: a `*` inside it is an asterisk. */
function fillIn(pattern: Pattern, lookup: Lookup): Unit[] | undefined {
  const units: Unit[] = []
  for (const unit of pattern) {
    if (typeof unit !== 'object') {
      units.push(unit)
      continue
    }
    const value = lookup(unit.key) ?? unit.fallback
    if (value === undefined) return undefined
    units.push(...value)
  }
  return units
}

/** Goes back only to the latest `*`, so that no pattern takes more than length × length steps. */
function matchesUnits(units: readonly Unit[], characters: readonly string[]): boolean {
  let unit = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < characters.length) {
    if (units[unit] === ANY) {
      star = unit
      starAt = at
      unit += 1
    } else if (unit < units.length && (units[unit] === ONE || units[unit] === characters[at])) {
      unit += 1
      at += 1
    } else if (star >= 0) {
      unit = star + 1
      starAt += 1
      at = starAt
    } else return false
  }
  return units.slice(unit).every((rest) => rest === ANY)
}
