/** Other people's Markdown as markup that shows what it is, and does nothing. */
import { createContext, runInContext } from 'node:vm'
import { Marked } from 'marked'
import sanitize from 'sanitize-html'
import { showHidden } from './hidden-characters.ts'
import { escapeText, Html, html } from './html.ts'

/** Neither style nor class nor id: nothing that somebody writes can look like a part of the page, or be found as one. */
const ALLOWED: sanitize.IOptions = {
  allowedTags: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'blockquote', 'hr', 'br', 'ul', 'ol', 'li'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'pre', 'code', 'details', 'summary', 'a'],
    ...['b', 'i', 'strong', 'em', 'del', 's', 'sub', 'sup', 'kbd', 'ins', 'span'],
  ],
  allowedAttributes: { a: ['href', 'rel'], ol: ['start'], th: ['align'], td: ['align'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'template', 'svg', 'math', 'title'],
  nestingLimit: 60,
}

/** The page's own heading stands above whatever is written in it. */
const LOWER_HEADINGS = { h1: 'h2', h2: 'h3', h3: 'h4', h4: 'h5', h5: 'h6' }

const MARKED = new Marked({
  renderer: {
    // Pictures would be fetched from elsewhere; what they show is said instead.
    image: ({ text }) => `<em>[picture: ${escapeText(text)}]</em>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
})

/** Nobody waits longer for one text; what was written to take longer, or to overflow the stack, is shown as it is. */
const WITHIN_MS = 2_000

export interface MarkdownPlace {
  /** Every line's end is one, as in comments; in files only a paragraph's is. */
  readonly breaks?: boolean
  /** What relative links are below, such as `/acme/access/blob/main/`. */
  readonly base?: string
}

export function renderMarkdown(text: string, { breaks = true, base = '/' }: MarkdownPlace = {}): Html {
  const transformTags: sanitize.IOptions['transformTags'] = {
    ...LOWER_HEADINGS,
    a: (tagName, { href }) => ({ tagName, attribs: linkTo(href, base) }),
  }
  const options = { ...ALLOWED, transformTags, textFilter: showInText }
  const markup = inTime(() => sanitize(MARKED.parse(text, { gfm: true, breaks, async: false }), options))
  return markup === undefined ? html`<pre>${text}</pre>` : new Html(markup)
}

/** Only from such a place can work be stopped that never looks up. */
const stoppable = createContext({})

function inTime(work: () => string): string | undefined {
  stoppable.work = work
  try {
    return String(runInContext('work()', stoppable, { timeout: WITHIN_MS }))
  } catch {
    return undefined
  }
}

function linkTo(href: string | undefined, base: string): Record<string, string> {
  return href === undefined ? {} : { href: resolve(href, base), rel: 'nofollow noopener noreferrer ugc' }
}

/** Entities have become characters here, so that none of them slips through. */
function showInText(text: string): string {
  return showHidden(text, (name) => `&lt;${name}&gt;`, false)
}

/** Relative to the file, as GitHub has it; anything with a scheme is left for the sanitiser to judge. */
function resolve(href: string, base: string): string {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/|#)/i.test(href)) return href
  const here = 'http://page.invalid'
  const url = URL.canParse(href, here + base) ? new URL(href, here + base) : undefined
  return url === undefined || url.origin !== here ? '#' : url.pathname + url.search + url.hash
}
