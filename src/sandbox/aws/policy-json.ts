/** JSON as policies may use it: refuses what would make a reader and AWS see two different documents. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function asList(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value as Json]
}

/** No policy that means something is nested deeper; and what reads it may then recurse. */
const DEEPEST = 20

/** Undefined for what is no JSON, is nested senselessly, or names a key twice (of which JSON.parse keeps the last). */
export function parsePolicyJson(text: string): Json | undefined {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  return isPlain(text) ? value : undefined
}

/** Walks the tokens of a text that is known to be JSON: no object may name a key twice, nor anything lie too deep. */
function isPlain(text: string): boolean {
  const open: Set<string>[] = []
  let latest = ''
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token !== ':') latest = token
    else {
      const keys = open.at(-1)
      const key = String(JSON.parse(latest))
      if (keys?.has(key)) return false
      keys?.add(key)
    }
    if (open.length > DEEPEST) return false
  }
  return true
}

/** The size that IAM's quotas count: all characters but white space. */
export function countedSize(text: string): number {
  return text.replace(/\s/g, '').length
}
