/** The Query protocol of IAM and STS: `Action=…` in a form, an XML envelope around the answer. */
import { type AwsError, validationError } from './errors.ts'
import type { WireRequest } from './sigv4.ts'
import { leaf, tag, XML_HEADER } from './xml.ts'

export interface TextRule {
  readonly pattern?: RegExp
  readonly min?: number
  readonly max?: number
}

/** The parameters of one call, read and checked by name. */
export class Parameters {
  readonly #values: URLSearchParams

  constructor(values: URLSearchParams) {
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  optional(name: string, rule: TextRule = {}): string | undefined {
    const [value, ...more] = this.#values.getAll(name)
    if (more.length > 0) throw validationError(`The parameter ${name} is given more than once.`)
    if (value === undefined) return undefined
    const { pattern, min = 0, max = Number.POSITIVE_INFINITY } = rule
    if (value.length < min)
      throw constraint(name, value, `Member must have length greater than or equal to ${min}`)
    if (value.length > max)
      throw constraint(name, value, `Member must have length less than or equal to ${max}`)
    if (pattern !== undefined && !pattern.test(value))
      throw constraint(name, value, `Member must satisfy regular expression pattern: ${pattern.source}`)
    return value
  }

  required(name: string, rule: TextRule = {}): string {
    const value = this.optional(name, rule)
    if (value === undefined) throw constraint(name, 'null', 'Member must not be null')
    return value
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const text = this.optional(name, { pattern: /^-?\d{1,9}$/ })
    if (text === undefined) return undefined
    const value = Number(text)
    if (value < min) throw constraint(name, text, `Member must have value greater than or equal to ${min}`)
    if (value > max) throw constraint(name, text, `Member must have value less than or equal to ${max}`)
    return value
  }

  boolean(name: string): boolean {
    return this.optional(name, { pattern: /^(true|false)$/ }) === 'true'
  }

  /** `TagKeys.member.1`: the texts of a list. */
  texts(name: string, rule: TextRule = {}): string[] {
    return this.members(name).map((member) => member.required('', rule))
  }

  /** `Tags.member.1.Key`: the parameters of each member of a list, by what follows the number. */
  members(name: string): Parameters[] {
    const members: Parameters[] = []
    for (let at = 1; ; at += 1) {
      const prefix = `${name}.member.${at}`
      const fields = [...this.#values].filter(([key]) => key === prefix || key.startsWith(`${prefix}.`))
      if (fields.length === 0) return members
      if (at > 100) throw validationError(`The list ${name} is too long.`)
      members.push(
        new Parameters(
          new URLSearchParams(
            fields.map(([key, value]): [string, string] => [key.slice(prefix.length + 1), value]),
          ),
        ),
      )
    }
  }
}

function constraint(name: string, value: string, problem: string): AwsError {
  const field = name.charAt(0).toLowerCase() + name.slice(1)
  return validationError(
    `1 validation error detected: Value '${value.slice(0, 200)}' at '${field}' failed to satisfy constraint: ${problem}`,
  )
}

const MOST_PARAMETERS = 1000

/** A form in the body; for a presigned call, the query. */
export function readParameters({ method, body, query }: WireRequest): Parameters {
  const values = new URLSearchParams(method === 'POST' ? body.toString('utf8') : query)
  if (values.size > MOST_PARAMETERS) throw validationError('The request has too many parameters.')
  return new Parameters(values)
}

export interface Envelope {
  readonly namespace: string
  readonly requestId: string
}

export function answerXml(action: string, result: string, { namespace, requestId }: Envelope): string {
  const metadata = tag('ResponseMetadata', leaf('RequestId', requestId))
  const body = result === '' ? metadata : `${tag(`${action}Result`, result)}${metadata}`
  return `${XML_HEADER}<${action}Response xmlns="${namespace}">${body}</${action}Response>`
}

export function errorXml(error: AwsError, { namespace, requestId }: Envelope): string {
  const type = error.status >= 500 ? 'Receiver' : 'Sender'
  const body = tag('Error', leaf('Type', type), leaf('Code', error.code), leaf('Message', error.message))
  return `${XML_HEADER}<ErrorResponse xmlns="${namespace}">${body}${leaf('RequestId', requestId)}</ErrorResponse>`
}
