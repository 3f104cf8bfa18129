/** Text that people write and read: what hides in it, how to quote it in a message, and what was probably meant. */

/**
 * Characters that a reviewer can't see, or that change what is seen around them: controls, bidirectional marks,
 * zero-width and other invisible ones, halves of surrogate pairs. Tabs and line ends aside.
 */
const HIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** Undefined for what is not UTF-8. A byte order mark is kept, so that whoever reads the text sees every byte that was approved. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export interface HiddenCharacter {
  readonly offset: number
  /** `U+202E` */
  readonly name: string
}

/** The first `most` of them. */
export function hiddenCharacters(text: string, most = Number.POSITIVE_INFINITY): HiddenCharacter[] {
  const found: HiddenCharacter[] = []
  for (const { index, 0: character } of text.matchAll(HIDDEN)) {
    if (found.length === most) break
    found.push({ offset: index, name: codePoint(character) })
  }
  return found
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return `U+${hex.padStart(4, '0')}`
}

const LONGEST_QUOTE = 60

/** A value in back-ticks: short, and nothing in it hides or breaks out. */
export function quote(value: unknown): string {
  const written = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  if (written === '') return '`""`'
  const characters = Array.from(written.replaceAll('`', "'").replace(/\s+/gu, ' '))
  const short = characters.slice(0, LONGEST_QUOTE).join('')
  const shown = short.replace(HIDDEN, (character) => `<${codePoint(character)}>`)
  return `\`${shown}${characters.length > LONGEST_QUOTE ? '…' : ''}\``
}

/** `a`, `b` or `c`, each in back-ticks. */
export function alternatives(words: readonly string[]): string {
  const quoted = words.map(quote)
  const last = quoted.pop() ?? ''
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : last
}

/** The one of `words` that `word` is most likely a slip of, if any is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  if (word.length > LONGEST_QUOTE) return undefined
  const ranked = words
    .map((candidate) => ({ candidate, slips: slipsBetween(plain(word), plain(candidate)) }))
    .filter(({ candidate, slips }) => slips <= Math.max(1, Math.floor(candidate.length / 4)))
    .sort((a, b) => a.slips - b.slips)
  return ranked[0]?.candidate
}

const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Levenshtein's distance: letters added, left out or changed. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
