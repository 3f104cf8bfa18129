/** Holds a YAML file against its zod schema, and says of every mistake where it is, what was expected and how to mend it. */
import { z } from 'zod'
import type { Mistake, Parsed, Problem } from './problem.ts'
import { bounded, outcome } from './problem.ts'
import { alternatives, nearest, quote } from './text.ts'
import type { YamlFile, YamlPath } from './yaml.ts'

type Issue = z.core.$ZodIssue

/** A check of a value's meaning: unlike zod's own, it knows the code and the fix of what it finds. */
export function finds<T>(find: (value: T) => Iterable<Mistake & { readonly path?: YamlPath }>) {
  return ({ value, issues }: z.core.ParsePayload<T>): void => {
    for (const { message, path = [], code, fix } of find(value)) {
      const params = { code, fix } satisfies Omit<Mistake, 'message'>
      issues.push({ code: 'custom', input: value, message, path: [...path], params, continue: true })
    }
  }
}

/** For editors, which check text by a pattern and nothing else: the form of a text, and what they say of any other. */
export function inForm(pattern: RegExp, fix: string) {
  return { pattern: pattern.source, patternErrorMessage: fix }
}

export function readShape<T>(schema: z.ZodType<T>, yaml: YamlFile): Parsed<T> {
  const result = schema.safeParse(yaml.value)
  if (result.success) return { ok: true, value: result.data }
  const found = result.error.issues.flatMap((issue) => problemsOf(issue, schema, yaml))
  const problems = bounded(found, (problem) => problem())
  return outcome(problems, () => {
    throw new Error('zod refused the file without an issue', { cause: result.error })
  })
}

/** Each to be made once it is to be told: one issue can name as many keys as a file holds. */
function problemsOf(issue: Issue, schema: z.ZodType, yaml: YamlFile): (() => Problem)[] {
  const at = (path: YamlPath, part: 'key' | 'value', mistake: () => Mistake) => (): Problem => ({
    file: yaml.file,
    ...yaml.locate(path, part),
    ...mistake(),
  })
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys': {
      const fields = fieldNames(layersAt(schema, path)).filter(
        (field) => valueAt(yaml.value, [...path, field]) === undefined,
      )
      return issue.keys.map((key) => at([...path, key], 'key', () => unknownField(key, path, fields)))
    }
    case 'invalid_key':
      return issue.issues.map((inner) => at(path, 'key', () => mistakeOf(inner, path, schema, yaml)))
    default:
      return [at(path, 'value', () => mistakeOf(issue, path, schema, yaml))]
  }
}

function mistakeOf(issue: Issue, path: YamlPath, schema: z.ZodType, yaml: YamlFile): Mistake {
  const value = valueAt(yaml.value, path)
  const name = nameOf(path)
  switch (issue.code) {
    case 'custom':
      return customMistake(issue)
    case 'invalid_type':
      return value === undefined
        ? {
            code: 'missing-field',
            message: `${name} is missing.`,
            fix: `Add it: ${exampleAt(schema, path)}.`,
          }
        : wrongType(name, value, issue.expected, exampleAt(schema, path))
    case 'invalid_value': {
      const words = issue.values.map(String)
      const meant = nearest(String(value), words)
      return {
        code: 'not-one-of',
        message: `${name} is ${quote(value)}; it can be ${alternatives(words)}.`,
        fix: meant ? `Did you mean ${quote(meant)}?` : `Write ${alternatives(words)}.`,
      }
    }
    case 'too_big':
    case 'too_small': {
      if (Array.isArray(value) && value.length === 0) {
        const message = `${name} is an empty list.`
        return { code: 'out-of-range', message, fix: `Fill it in: ${exampleAt(schema, path)}.` }
      }
      const limit = issue.code === 'too_big' ? `at most ${issue.maximum}` : `at least ${issue.minimum}`
      const counted = issue.origin === 'array' ? ' entries' : issue.origin === 'string' ? ' characters' : ''
      return {
        code: 'out-of-range',
        message: `${name} must have ${limit}${counted}.`.replace('have', counted ? 'have' : 'be'),
        fix: `Write ${limit}${counted}.`,
      }
    }
    default:
      return {
        code: 'wrong-type',
        message: `${name}: ${issue.message}.`,
        fix: `Write ${exampleAt(schema, path)}.`,
      }
  }
}

function customMistake(issue: z.core.$ZodIssueCustom): Mistake {
  const { code, fix } = (issue.params ?? {}) as Partial<Mistake>
  if (!code || !fix) throw new Error(`a check without code and fix: ${issue.message}`)
  return { code, message: issue.message, fix }
}

function unknownField(key: string, path: YamlPath, fields: readonly string[]): Mistake {
  const meant = nearest(key, fields)
  const where = path.length > 0 ? ` of ${nameOf(path)}` : ''
  const others = fields.length > 0 ? `; the other fields here are ${alternatives(fields)}` : ''
  return {
    code: 'unknown-field',
    message: `${quote(key)} is not a field${where}.`,
    fix: meant ? `Did you mean ${quote(meant)}?` : `Remove it${others}.`,
  }
}

function wrongType(name: string, value: unknown, expected: string, example: string): Mistake {
  if (value === null)
    return { code: 'wrong-type', message: `${name} is empty.`, fix: `Fill it in: ${example}.` }
  const wanted = KINDS[expected] ?? expected
  const message = `${name} is ${kindOf(value)}, not ${wanted}.`
  if (expected === 'string' && typeof value !== 'object') {
    const fix = `Write text, in quotes where YAML reads something else from it, such as ${example}.`
    return { code: 'wrong-type', message, fix }
  }
  return { code: 'wrong-type', message, fix: `Write ${example}.` }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of fields',
  record: 'a set of fields',
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a set of fields'
  return typeof value === 'string' ? 'text' : `${KINDS[typeof value] ?? typeof value} (${quote(value)})`
}

/** `buckets[0].max_duration` */
function nameOf(path: YamlPath): string {
  if (path.length === 0) return 'The file'
  const dotted = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return quote(dotted.replace(/^\./, ''))
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((around, step) => {
    const within: Readonly<Record<PropertyKey, unknown>> = Object(around)
    return Object.hasOwn(within, step) ? within[step] : undefined
  }, value)
}

/** The schema at a path, with everything wrapped around it (optional, transformed) as layers, outermost first. */
function layersAt(schema: z.core.$ZodType, path: YamlPath): z.core.$ZodType[] {
  const layers = [schema]
  for (let inner = unwrapped(schema); inner; inner = unwrapped(inner)) layers.push(inner)
  const [step, ...rest] = path
  if (step === undefined) return layers
  const child = childOf(layers.at(-1), step)
  return child ? layersAt(child, rest) : []
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return schema.def.innerType
  return schema instanceof z.ZodPipe ? schema.def.in : undefined
}

function childOf(schema: z.core.$ZodType | undefined, step: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)]
  if (schema instanceof z.ZodArray) return schema.def.element
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined
}

function fieldNames(layers: readonly z.core.$ZodType[]): string[] {
  const innermost = layers.at(-1)
  return innermost instanceof z.ZodObject ? Object.keys(innermost.shape) : []
}

/** How the schema's own example writes the field at a path. */
function exampleAt(schema: z.ZodType, path: YamlPath): string {
  const layers = layersAt(schema, path)
  const examples: unknown = layers.map((layer) => z.globalRegistry.get(layer)?.examples).find(Array.isArray)
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined
  const key = path.at(-1)
  if (example === undefined) return `the fields ${alternatives(fieldNames(layers))}`
  // In flow style JSON is YAML; text is quoted only where digits would be read as a number.
  const written = typeof example === 'string' && !/^\d+$/.test(example) ? example : JSON.stringify(example)
  return quote(typeof key === 'string' ? `${key}: ${written}` : written)
}
