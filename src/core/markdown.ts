/** Makes text that somebody else wrote harmless in GitHub's Markdown: it shows what it is, and does nothing. */
import { hiddenCharacters } from './text.ts'

/** GitHub resolves mentions, references and emoji after Markdown, where no escape is left: only a break inside them helps. */
const BREAK = '&#8203;'

/** Stands for a break until the escaping is done: no text can hold it, as it is a hidden character itself. */
const HOLD = '\u0000'

/** `@alice`, `#12`, `GH-12`, `https://`, `:emoji:`, `www.example.com`, each up to where it is broken. */
const ACTIVE = /[@#]|:(?=\S)|GH-|www\./gi

/** Characters that mean something to Markdown wherever they stand. */
const PUNCTUATION = /[\\`*_[\]|~&<>$]/g

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // GitHub's own advice: before its formulas a backslash does not help.
  $: '<span>$</span>',
}

/** What would start a list or underline a heading. */
const LINE_START = /^(?:[-+=]|\d+[.)])/

/** Any text as one line of plain words. */
export function inline(text: string): string {
  return showHidden(text)
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(ACTIVE, `$&${HOLD}`)
    .replace(PUNCTUATION, (character) => ESCAPES[character] ?? `\\${character}`)
    .replaceAll(HOLD, BREAK)
    .replace(LINE_START, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`)
}

/** The same for text of our own that quotes values in single back-ticks, as problems and verdicts do: quotes stay code. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 1 ? code(part.slice(1, -1)) : spaced(part)))
    .join('')
    .trim()
}

/** Between two pieces of code the outer spaces matter. */
function spaced(text: string): string {
  const words = inline(text)
  if (words === '') return text === '' ? '' : ' '
  return `${/^\s/.test(text) ? ' ' : ''}${words}${/\s$/.test(text) ? ' ' : ''}`
}

/** Any text as one line without Markdown, for titles and annotations, which GitHub shows as they are. */
export function plain(text: string): string {
  return showHidden(text).replace(/\s+/gu, ' ').trim()
}

/** A code span that its text can't break out of. */
export function code(text: string): string {
  const line = showHidden(text).replace(/\s+/gu, ' ')
  if (line.trim() === '') return '(empty)'
  const fence = '`'.repeat(longestRun(line) + 1)
  // Markdown takes one space off both ends where both have one; back-ticks must not touch the fence.
  const pad = /^[` ]|[` ]$/.test(line) ? ' ' : ''
  return `${fence}${pad}${line}${pad}${fence}`
}

/** A block of code that its text can't break out of. */
export function codeBlock(text: string, language: 'json' | 'yaml' | 'ini' | 'sh' | ''): string {
  const lines = showHidden(text.replace(/\r\n?/g, '\n')).replace(/\n+$/, '')
  const fence = '`'.repeat(Math.max(3, longestRun(lines) + 1))
  return `${fence}${language}\n${lines}\n${fence}`
}

/** At most `max` characters, the marker included; no pair of surrogates is torn apart. */
export function cut(text: string, max: number, marker = '…'): string {
  if (text.length <= max) return text
  const end = Math.max(0, max - marker.length)
  const whole = isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end
  return `${text.slice(0, whole)}${marker}`.slice(0, max)
}

function showHidden(text: string): string {
  let shown = ''
  let from = 0
  for (const { offset, name } of hiddenCharacters(text)) {
    shown += `${text.slice(from, offset)}<${name}>`
    from = offset + lengthAt(text, offset)
  }
  return shown + text.slice(from)
}

function lengthAt(text: string, offset: number): number {
  return String.fromCodePoint(text.codePointAt(offset) ?? 0).length
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
