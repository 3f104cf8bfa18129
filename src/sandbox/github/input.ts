/** Reads a request's body and query strictly: what is missing or of the wrong kind is a 422, as on GitHub. */
import { invalid, Refused } from './failure.ts'

export class Input {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #resource: string

  constructor(values: unknown, resource: string) {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new Refused(400, 'Body should be a JSON object')
    }
    this.#values = { ...values }
    this.#resource = resource
  }

  has(field: string): boolean {
    return this.#values[field] !== undefined
  }

  string(field: string): string {
    return this.optionalString(field) ?? this.#missing(field)
  }

  /** A string that says something. */
  text(field: string): string {
    const value = this.string(field)
    return value.trim() === '' ? this.#missing(field) : value
  }

  optionalString(field: string): string | undefined {
    const value = this.#values[field]
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? value : this.#wrong(field, 'is not a string')
  }

  boundedString(field: string, longest: number): string | undefined {
    const value = this.optionalString(field)
    if (value !== undefined && [...value].length > longest)
      this.#wrong(field, `is too long (maximum is ${longest} characters)`)
    return value
  }

  boundedBytes(field: string, most: number): string | undefined {
    const value = this.optionalString(field)
    if (value !== undefined && Buffer.byteLength(value) > most)
      this.#wrong(field, `exceeds a maximum bytesize of ${most}`)
    return value
  }

  optionalBoolean(field: string): boolean | undefined {
    const value = this.#values[field]
    if (value === undefined) return undefined
    return typeof value === 'boolean' ? value : this.#wrong(field, 'is not a boolean')
  }

  optionalInteger(field: string): number | undefined {
    const value = this.#values[field]
    if (value === undefined || value === null) return undefined
    return Number.isInteger(value) ? Number(value) : this.#wrong(field, 'is not an integer')
  }

  integer(field: string): number {
    return this.optionalInteger(field) ?? this.#missing(field)
  }

  oneOf<Choice extends string>(field: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.optionalString(field)
    if (value === undefined) return undefined
    return (
      choices.find((choice) => choice === value) ?? this.#wrong(field, `is not one of ${choices.join(', ')}`)
    )
  }

  optionalDate(field: string): number | undefined {
    const value = this.optionalString(field)
    if (value === undefined) return undefined
    const at = Date.parse(value)
    return Number.isNaN(at) ? this.#wrong(field, 'is not a date') : at
  }

  strings(field: string): string[] | undefined {
    return this.#list(field)?.map((item) =>
      typeof item === 'string' ? item : this.#wrong(field, 'holds something other than strings'),
    )
  }

  object(field: string, resource = this.#resource): Input | undefined {
    const value = this.#values[field]
    return value === undefined || value === null ? undefined : new Input(value, resource)
  }

  objects(field: string, resource = this.#resource): Input[] | undefined {
    return this.#list(field)?.map((item) => new Input(item, resource))
  }

  /** As it came, whatever it is. */
  raw(field: string): unknown {
    return this.#values[field]
  }

  /** Items as they came, for lists that mix kinds. */
  items(field: string): readonly unknown[] | undefined {
    return this.#list(field)
  }

  isNull(field: string): boolean {
    return this.#values[field] === null
  }

  keys(): string[] {
    return Object.keys(this.#values)
  }

  #list(field: string): readonly unknown[] | undefined {
    const value = this.#values[field]
    if (value === undefined || value === null) return undefined
    return Array.isArray(value) ? value : this.#wrong(field, 'is not a list')
  }

  #missing(field: string): never {
    throw invalid(this.#resource, field, 'missing_field')
  }

  #wrong(field: string, message: string): never {
    throw invalid(this.#resource, field, 'invalid', `${field} ${message}`)
  }
}
