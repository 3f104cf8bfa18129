/** HTML that is escaped by construction: every value in a template is text, unless a template made it. */
import { showHidden } from './hidden-characters.ts'

/** Markup that may be sent as it is. */
export class Html {
  readonly #markup: string
  /** Beside the templates here, only what is sanitised may become one of these. */
  constructor(markup: string) {
    this.#markup = markup
  }
  toString(): string {
    return this.#markup
  }
}

/** Nothing is written for `false`, `null` and `undefined`. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

/** Where a value stands in a template decides what it may be: between attributes only what a template made. */
type Place = 'text' | 'attribute' | 'address' | 'between attributes'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const ADDRESS_ATTRIBUTE = /\s(?:href|src|action|formaction)="$/i
const SAFE_ADDRESS = /^(?:[/#?](?!\/)|https?:\/\/)/i
/** Of each template, worked out once. */
const places = new WeakMap<TemplateStringsArray, readonly Place[]>()

export const NOTHING = new Html('')

export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  const known = places.get(parts) ?? placesIn(parts)
  places.set(parts, known)
  const markup = values.map((value, index) => write(value, known[index] ?? 'text') + parts[index + 1])
  return new Html((parts[0] ?? '') + markup.join(''))
}

/** Text of a form's field: nothing is shown in place of a hidden character, so that it is sent back as it was. */
export function fieldText(text: string): Html {
  return new Html(escapeText(text))
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

/** Text as people should see it, what is hidden in it included. */
export function visible(text: string): string {
  return showHidden(escapeText(text), (name) => `<span class="hidden-character">${name}</span>`)
}

function placesIn(parts: TemplateStringsArray): readonly Place[] {
  let before = ''
  return parts.slice(0, -1).map((part) => {
    before += part
    return placeAfter(before)
  })
}

function placeAfter(before: string): Place {
  const tag = before.slice(Math.max(before.lastIndexOf('<'), 0))
  if (/^<(?:script|style)\b/i.test(tag)) throw new Error('no value may stand in a script or a style')
  // A template may also be a piece of a tag: there the quotes tell.
  const isInTag = tag.startsWith('<') ? !isClosed(tag) : /^\s+[\w-]+=/.test(tag)
  if (!isInTag) return 'text'
  if (/\son\w+="[^"]*$/i.test(tag)) throw new Error(`no value may stand in a handler: ${tag}`)
  const isQuoted = (tag.match(/"/g) ?? []).length % 2 === 1
  if (isQuoted) return ADDRESS_ATTRIBUTE.test(tag) ? 'address' : 'attribute'
  if (/=\s*$/.test(tag)) throw new Error(`the value of an attribute stands in quotes: ${tag}`)
  return 'between attributes'
}

/** Whether the tag that begins here ends outside of its quotes. */
function isClosed(tag: string): boolean {
  return tag.replace(/"[^"]*(?:"|$)/g, '').includes('>')
}

function write(value: Content, place: Place): string {
  if (value === false || value === null || value === undefined) return ''
  if (typeof value === 'object' && !(value instanceof Html))
    return value.map((item) => write(item, place)).join('')
  if (value instanceof Html) return value.toString()
  const text = String(value)
  if (place === 'text') return visible(text)
  if (place === 'between attributes') throw new Error(`no text may stand between attributes: ${text}`)
  if (place === 'address' && !SAFE_ADDRESS.test(text))
    throw new Error(`no address of a page or a link: ${text}`)
  return escapeText(text)
}
