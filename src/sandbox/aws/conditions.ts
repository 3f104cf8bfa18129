/** Conditions of the policy language: every operator, quantifier and `IfExists`, read once and then asked often. */
import {
  isBase64,
  isInNetwork,
  parseBoolean,
  parseInstant,
  parseNetwork,
  parseNumber,
  splitArnPattern,
} from './condition-values.ts'
import { type Lookup, matchesIgnoringCase, matchesPattern, parsePattern } from './pattern.ts'

/** Keys in lower case, for AWS compares them so; a key with several values is a list. */
export type Context = ReadonlyMap<string, readonly string[]>

type Test = (actual: string, lookup: Lookup) => boolean
/** Reads a value of the policy; undefined where it can't be one for this operator. */
type ReadValue = (text: string, variables: boolean) => Test | undefined

interface Operator {
  readonly negated: boolean
  readonly read: ReadValue
}

export interface Condition {
  readonly key: string
  readonly quantifier: 'one' | 'all' | 'any'
  readonly ifExists: boolean
  readonly negated: boolean
  /** `Null` asks for the key, not for its value: true where the key has to be missing. */
  readonly absent?: boolean
  readonly tests: readonly Test[]
}

const textEquals: ReadValue = (text, variables) => {
  const pattern = parsePattern(text, { wildcards: false, variables })
  return pattern && ((actual, lookup) => matchesPattern(pattern, actual, lookup))
}

const textEqualsIgnoringCase: ReadValue = (text, variables) => {
  const pattern = parsePattern(text, { wildcards: false, variables })
  return pattern && ((actual, lookup) => matchesIgnoringCase(pattern, actual, lookup))
}

const textLike: ReadValue = (text, variables) => {
  const pattern = parsePattern(text, { wildcards: true, variables })
  return pattern && ((actual, lookup) => matchesPattern(pattern, actual, lookup))
}

/** Each of the six parts is compared by itself, so that no wildcard reaches over a colon. */
const arnLike: ReadValue = (text, variables) => {
  const patterns = splitArnPattern(text)?.map((part) => parsePattern(part, { wildcards: true, variables }))
  // A pattern that is no ARN may be written, as AWS only warns of it; it matches nothing.
  if (patterns === undefined) return () => false
  if (patterns.includes(undefined)) return undefined
  return (actual, lookup) => {
    const parts = splitArnPattern(actual)
    return patterns.every((pattern, at) => {
      const part = parts?.[at]
      return pattern !== undefined && part !== undefined && matchesPattern(pattern, part, lookup)
    })
  }
}

const binaryEquals: ReadValue = (text) => (isBase64(text) ? (actual) => actual === text : undefined)

const bool: ReadValue = (text) => {
  const expected = parseBoolean(text)
  return expected === undefined ? undefined : (actual) => parseBoolean(actual) === expected
}

const ipAddress: ReadValue = (text) => {
  const network = parseNetwork(text)
  return network && ((actual) => isInNetwork(network, actual))
}

type Compare = (actual: number, expected: number) => boolean

function ordered(parse: (text: string) => number | undefined, compare: Compare): ReadValue {
  return (text) => {
    const expected = parse(text)
    if (expected === undefined) return undefined
    return (actual) => {
      const value = parse(actual)
      return value !== undefined && compare(value, expected)
    }
  }
}

function comparisons(family: string, parse: (text: string) => number | undefined): [string, Operator][] {
  const equals = ordered(parse, (actual, expected) => actual === expected)
  return [
    [`${family}Equals`, { negated: false, read: equals }],
    [`${family}NotEquals`, { negated: true, read: equals }],
    [`${family}LessThan`, { negated: false, read: ordered(parse, (actual, expected) => actual < expected) }],
    [
      `${family}LessThanEquals`,
      { negated: false, read: ordered(parse, (actual, expected) => actual <= expected) },
    ],
    [
      `${family}GreaterThan`,
      { negated: false, read: ordered(parse, (actual, expected) => actual > expected) },
    ],
    [
      `${family}GreaterThanEquals`,
      { negated: false, read: ordered(parse, (actual, expected) => actual >= expected) },
    ],
  ]
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', { negated: false, read: textEquals }],
  ['StringNotEquals', { negated: true, read: textEquals }],
  ['StringEqualsIgnoreCase', { negated: false, read: textEqualsIgnoringCase }],
  ['StringNotEqualsIgnoreCase', { negated: true, read: textEqualsIgnoringCase }],
  ['StringLike', { negated: false, read: textLike }],
  ['StringNotLike', { negated: true, read: textLike }],
  ...comparisons('Numeric', parseNumber),
  ...comparisons('Date', parseInstant),
  ['Bool', { negated: false, read: bool }],
  ['BinaryEquals', { negated: false, read: binaryEquals }],
  ['IpAddress', { negated: false, read: ipAddress }],
  ['NotIpAddress', { negated: true, read: ipAddress }],
  ['ArnEquals', { negated: false, read: arnLike }],
  ['ArnLike', { negated: false, read: arnLike }],
  ['ArnNotEquals', { negated: true, read: arnLike }],
  ['ArnNotLike', { negated: true, read: arnLike }],
])

const QUANTIFIERS: ReadonlyMap<string, Condition['quantifier']> = new Map([
  ['ForAllValues', 'all'],
  ['ForAnyValue', 'any'],
])

/** Reads one operator, key and its values; a sentence where AWS would refuse them. */
export function readCondition(
  operatorText: string,
  key: string,
  values: readonly string[],
  variables: boolean,
): Condition | string {
  if (operatorText === 'Null') return readNull(key, values)
  const { quantifier, name, ifExists } = splitOperator(operatorText)
  const operator = OPERATORS.get(name)
  if (quantifier === undefined || operator === undefined) return `Invalid Condition type : ${operatorText}.`
  const tests: Test[] = []
  for (const value of values) {
    const test = operator.read(value, variables)
    if (test === undefined) return `The value ${value} of ${operatorText} ${key} is not valid.`
    tests.push(test)
  }
  return { key: key.toLowerCase(), quantifier, ifExists, negated: operator.negated, tests }
}

function readNull(key: string, values: readonly string[]): Condition | string {
  const [absent, ...more] = values.map(parseBoolean)
  // AWS takes a list here too, which can only mean "always": refused, being a mistake.
  if (absent === undefined || more.length > 0) return `The value of Null ${key} is not valid.`
  return { key: key.toLowerCase(), quantifier: 'one', ifExists: false, negated: false, absent, tests: [] }
}

function splitOperator(text: string) {
  const colon = text.indexOf(':')
  const quantifier = colon < 0 ? ('one' as const) : QUANTIFIERS.get(text.slice(0, colon))
  const rest = text.slice(colon + 1)
  const ifExists = rest.endsWith('IfExists')
  return { quantifier, ifExists, name: ifExists ? rest.slice(0, -'IfExists'.length) : rest }
}

export function holds(condition: Condition, context: Context): boolean {
  const actual = context.get(condition.key)
  if (condition.absent !== undefined)
    return (actual === undefined || actual.length === 0) === condition.absent
  const lookup = variableLookup(context)
  const fits = (value: string) => condition.tests.some((test) => test(value, lookup)) !== condition.negated
  switch (condition.quantifier) {
    case 'all':
      return actual === undefined || actual.every(fits)
    case 'any':
      return actual === undefined ? condition.ifExists : actual.some(fits)
    case 'one':
      if (actual === undefined) return condition.negated || condition.ifExists
      return condition.negated ? actual.every(fits) : actual.some(fits)
  }
}

/** A key with several values can't be a policy variable. */
export function variableLookup(context: Context): Lookup {
  return (key) => {
    const values = context.get(key)
    return values?.length === 1 ? values[0] : undefined
  }
}
