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

/** Undefined for what is no JSON, or names a key twice (of which JSON.parse would keep only the last). */
export function parsePolicyJson(text: string): Json | undefined {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  return namesKeyTwice(text) ? undefined : value
}

/** Walks the tokens of a text that is known to be JSON. */
function namesKeyTwice(text: string): boolean {
  const objects: Set<string>[] = []
  let latest = ''
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (token !== ':') latest = token
    else {
      const keys = objects.at(-1)
      const key = String(JSON.parse(latest))
      if (keys?.has(key)) return true
      keys?.add(key)
    }
  }
  return false
}

/** The size that IAM's quotas count: all characters but white space. */
export function countedSize(text: string): number {
  return text.replace(/\s/g, '').length
}
