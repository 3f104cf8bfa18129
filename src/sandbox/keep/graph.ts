/** Writes what objects hold, and who holds whom, as plain JSON, and reads it back: maps, sets, bytes and circles too. */

/** JSON as this file writes it; what stands for more than itself is an object with one key that begins with `$`. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

type Holder = Record<string, unknown>

/**
 * The value as JSON. An object that is held in two places is one object again after `fromJson`.
 * @param isLeftOut properties that hold such an object are not written; whoever reads it back puts them there anew
 * @throws TypeError at what JSON can't hold, such as a function, with the way that leads to it
 */
export function toJson(root: unknown, isLeftOut: (value: object) => boolean = () => false): Json {
  const shared = sharedObjects(root, isLeftOut)
  const numbers = new Map<object, number>()

  function write(value: unknown, way: string): Json {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value !== 'object') throw unwritable(value, way)
    const known = numbers.get(value)
    if (known !== undefined) return { $same: known }
    if (!shared.has(value)) return content(value, way)
    const number = numbers.size + 1
    numbers.set(value, number)
    return { $number: number, $is: content(value, way) }
  }

  function content(value: object, way: string): Json {
    if (Buffer.isBuffer(value)) return { $bytes: value.toString('base64') }
    if (Array.isArray(value)) return value.map((item, index) => write(item, `${way}[${index}]`))
    if (value instanceof Set) return { $set: [...value].map((item) => write(item, `${way}{}`)) }
    if (value instanceof Map) {
      const entries = [...value].map(([key, item]) => [
        write(key, `${way} key`),
        write(item, `${way}.${String(key)}`),
      ])
      return { $map: entries }
    }
    if (!isPlain(value)) throw unwritable(value, way)
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined && !(isObject(item) && isLeftOut(item)))
      .map(([key, item]) => [escapeKey(key), write(item, `${way}.${key}`)])
    return Object.fromEntries(entries)
  }

  return write(root, 'the state')
}

/** The inverse of `toJson`, for what `toJson` wrote. */
export function fromJson(json: unknown): unknown {
  const numbered = new Map<number, object>()

  function read(value: unknown, number?: number): unknown {
    if (!isObject(value)) return value
    const keep = <Made extends object>(made: Made): Made => {
      if (number !== undefined) numbered.set(number, made)
      return made
    }
    if (Array.isArray(value)) {
      // Known before its items are read, for they may hold it in turn; likewise below.
      const list: unknown[] = keep([])
      for (const item of value) list.push(read(item))
      return list
    }
    const { $same, $number, $is, $bytes, $set, $map } = value as Holder
    if (typeof $same === 'number') return numbered.get($same)
    if (typeof $number === 'number') return read($is, $number)
    if (typeof $bytes === 'string') return keep(Buffer.from($bytes, 'base64'))
    if (Array.isArray($set)) {
      const set = keep(new Set())
      for (const item of $set) set.add(read(item))
      return set
    }
    if (Array.isArray($map)) {
      const map = keep(new Map())
      for (const [key, item] of $map) map.set(read(key), read(item))
      return map
    }
    const object: Holder = keep({})
    for (const [key, item] of Object.entries(value)) object[unescapeKey(key)] = read(item)
    return object
  }

  return read(json)
}

/** Those that are held more than once. */
function sharedObjects(root: unknown, isLeftOut: (value: object) => boolean): ReadonlySet<object> {
  const seen = new Set<object>()
  const shared = new Set<object>()
  const ahead: unknown[] = [root]
  while (ahead.length > 0) {
    const value = ahead.pop()
    if (!isObject(value) || isLeftOut(value)) continue
    if (seen.has(value)) shared.add(value)
    else {
      seen.add(value)
      ahead.push(...heldBy(value))
    }
  }
  return shared
}

function heldBy(value: object): Iterable<unknown> {
  if (Buffer.isBuffer(value)) return []
  if (value instanceof Map) return [...value].flat()
  if (value instanceof Set || Array.isArray(value)) return value
  return Object.values(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function unwritable(value: unknown, way: string): TypeError {
  const kind = isObject(value) ? value.constructor.name : `a ${typeof value} (${String(value)})`
  return new TypeError(`${way} is ${kind}, which JSON can't hold`)
}

/** One that begins with `$` would be taken for one of the signs above. */
function escapeKey(key: string): string {
  return key.startsWith('$') ? `$${key}` : key
}

function unescapeKey(key: string): string {
  return key.startsWith('$$') ? key.slice(1) : key
}
