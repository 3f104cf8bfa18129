/** Bucket names and patterns in the rules: `*` stands for any run of characters. */
import { z } from 'zod'
import { bucketMistake } from './names.ts'
import type { Mistake } from './problem.ts'
import { finds, inForm } from './shape.ts'
import { quote } from './text.ts'

const PATTERN = /^[a-z0-9.*-]{1,63}$/
const FIX = "Write a bucket's name, with `*` where anything may stand, such as `logs-*`."

export const bucketPatternField = z
  .string()
  .check(
    finds(function* (bucket): Iterable<Mistake> {
      const mistake = bucket.includes('*') ? patternMistake(bucket) : bucketMistake(bucket)
      if (mistake) yield mistake
    }),
  )
  .meta({
    description: "The bucket's name, or a pattern in which `*` stands for anything.",
    examples: ['customer-exports'],
    ...inForm(PATTERN, FIX),
  })

function patternMistake(pattern: string): Mistake | undefined {
  if (PATTERN.test(pattern)) return undefined
  return { code: 'bucket-pattern', message: `${quote(pattern)} is not a pattern of bucket names.`, fix: FIX }
}

/** Takes the first place for each part between the stars; never tries another, so it stays quick whatever the pattern. */
export function bucketMatches(pattern: string, bucket: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return pattern === bucket
  if (!bucket.startsWith(start)) return false
  let from = start.length
  for (const part of parts) {
    const found = bucket.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return bucket.length - end.length >= from && bucket.endsWith(end)
}
