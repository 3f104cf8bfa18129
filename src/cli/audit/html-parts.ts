/** The pieces a report in HTML is put together from; whatever somebody else wrote is only ever text in it. */
import { plain } from '../../core/markdown.ts'

/** Markup of our own; made by `html` alone. */
export interface Html {
  readonly markup: string
}

type Value = Html | string | number | readonly Html[]

/** Every value that is no markup of ours is written as text. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return {
    markup: parts
      .map((part, index) => part + (index < values.length ? written(values[index] ?? '') : ''))
      .join(''),
  }
}

function written(value: Value): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return text(value)
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Hidden and turning characters are named, as everywhere. Between two pieces the outer spaces matter. */
function text(value: string): string {
  const before = /^\s/.test(value) ? ' ' : ''
  const after = /\S\s$/.test(value) ? ' ' : ''
  return before + plain(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '') + after
}
