/**
 * The prefixes of a request. One that ends in `/` is a folder and lends everything below it; any other is the key of
 * one object and lends that object alone. So `project/` never reaches `project2/`, and neither does `project`.
 */
import { z } from 'zod'
import type { Mistake } from './problem.ts'
import { finds, inForm } from './shape.ts'
import { quote } from './text.ts'
import type { YamlPath } from './yaml.ts'

const MAX_PREFIXES = 20
/** S3's limit for keys. */
const MAX_KEY_BYTES = 1024

/** IAM's policies hold nothing beyond U+00FF; spaces other than the plain one would deceive a reviewer. */
const OUTSIDE_POLICY = /[^\u0020-\u007e\u00a1-\u00ff]/u

function* prefixMistakes(prefix: string): Iterable<Mistake> {
  const name = quote(prefix)
  if (Buffer.byteLength(prefix) > MAX_KEY_BYTES) {
    const message = `The prefix ${name} is longer than ${MAX_KEY_BYTES} bytes, and so than any key.`
    yield { code: 'prefix-too-long', message, fix: 'Name a folder further up.' }
  }
  if (OUTSIDE_POLICY.test(prefix)) {
    const message = `The prefix ${name} has characters that IAM policies can't hold.`
    yield {
      code: 'prefix-characters',
      message,
      fix: 'Name a folder further up whose name is plain Latin-1 text.',
    }
  }
  if (/[*?]/.test(prefix)) {
    const fix = 'A prefix that ends in `/` covers all below it already; otherwise name a folder further up.'
    yield { code: 'prefix-wildcard', message: `The prefix ${name} has a wildcard.`, fix }
  }
  if (prefix.includes('$')) {
    const message = `The prefix ${name} has a \`$\`, which starts a variable in IAM policies.`
    yield { code: 'prefix-variable', message, fix: 'Name a folder further up.' }
  }
  const oddity = oddityOf(prefix)
  if (oddity) yield { code: 'prefix-shape', message: `The prefix ${name} ${oddity}.`, fix: SHAPE_FIX }
}

/** All of the above but the length, for editors: it is never what is judged by. */
const FORM =
  /^(?![/ ])(?!.*\/\/)(?!(?:.*\/)?\.\.?(?:\/|$))(?!.* $)[\x20-\x23\x25-\x29\x2b-\x3e\x40-\x7e\u00a1-\u00ff]+$/
const SHAPE_FIX = 'Write a folder as `exports/2026/11/`, or one object as `exports/2026/11/orders.csv`.'

/** S3 takes all of these as they are written, but people and tools read them as something else. */
function oddityOf(prefix: string): string | undefined {
  if (prefix === '') return 'is empty'
  if (prefix !== prefix.trim()) return 'begins or ends with a space'
  if (prefix.startsWith('/')) return 'begins with `/`'
  if (prefix.includes('//')) return 'has `//` in it'
  const steps = prefix.split('/')
  return steps.includes('.') || steps.includes('..') ? 'has a step `.` or `..`' : undefined
}

/** Each prefix that an earlier or wider one of the list covers already. */
function* overlaps(prefixes: readonly string[]): Iterable<Mistake & { readonly path: YamlPath }> {
  for (const [index, prefix] of prefixes.entries()) {
    const covering = prefixes.find((other, place) =>
      other === prefix ? place < index : other.endsWith('/') && prefix.startsWith(other),
    )
    if (covering === undefined) continue
    const message =
      covering === prefix
        ? `The prefix ${quote(prefix)} is written twice.`
        : `The prefix ${quote(prefix)} lies in ${quote(covering)}, which is asked for too.`
    yield { code: 'prefix-overlap', path: [index], message, fix: 'Keep the one that you need.' }
  }
}

export const prefixesField = z
  .array(
    z
      .string()
      .check(finds(prefixMistakes))
      .meta({ examples: ['exports/2026/11/'], maxLength: MAX_KEY_BYTES, ...inForm(FORM, SHAPE_FIX) }),
  )
  .min(1)
  .max(MAX_PREFIXES)
  .check(finds(overlaps))
  .meta({
    description:
      'What to read. A prefix that ends in `/` is a folder, with all below it; any other is the key of one object. ' +
      'Leave the field out for the whole bucket, where the rules allow it.',
    examples: [['exports/2026/11/']],
    uniqueItems: true,
  })

/** What to say where a key of one object may be meant for a folder: its last part has no dot. */
export function folderRemark(prefixes: readonly string[]): string | undefined {
  const likely = prefixes.filter((prefix) => /(?:^|\/)[^/.]+$/.test(prefix))
  const [only, ...others] = likely
  if (only === undefined) return undefined
  if (others.length > 0)
    return `${likely.map(quote).join(', ')} are keys of one object each. If one is a folder, end it in \`/\`.`
  return `${quote(only)} is the key of one object. If it is a folder, end it in \`/\`.`
}
