/** Cuts long answers into pages and writes the Link header that leads through them. */
import { invalid } from './failure.ts'

export interface Page {
  readonly number: number
  readonly size: number
  /** Number of the last page; undefined where only "there is more" is known. */
  readonly last: number | undefined
  readonly hasNext: boolean
}

const DEFAULT_PAGE_SIZE = 30
const LARGEST_PAGE = 100

export interface PageRequest {
  readonly number: number
  readonly size: number
}

export function pageRequest(query: URLSearchParams, defaultSize = DEFAULT_PAGE_SIZE): PageRequest {
  const wished = positive(query.get('per_page'))
  const size = wished === undefined ? defaultSize : Math.min(wished, LARGEST_PAGE)
  return { number: positive(query.get('page')) ?? 1, size }
}

/** GitHub takes nonsense in these for the default. */
function positive(text: string | null): number | undefined {
  const value = Number(text)
  return text !== null && Number.isInteger(value) && value > 0 ? value : undefined
}

export function paginate<Item>(
  items: readonly Item[],
  query: URLSearchParams,
  defaultSize = DEFAULT_PAGE_SIZE,
): { items: Item[]; page: Page } {
  const { number, size } = pageRequest(query, defaultSize)
  const start = (number - 1) * size
  return { items: items.slice(start, start + size), page: pageOf({ number, size }, items.length) }
}

export function pageOf({ number, size }: PageRequest, total: number): Page {
  const last = Math.max(1, Math.ceil(total / size))
  return { number, size, last, hasNext: number < last }
}

export function linkHeader(url: URL, page: Page): string | undefined {
  const links: string[] = []
  const add = (rel: string, number: number) => {
    const target = new URL(url)
    target.searchParams.set('page', String(number))
    links.push(`<${target.href}>; rel="${rel}"`)
  }
  if (page.number > 1) add('prev', page.number - 1)
  if (page.hasNext) {
    add('next', page.number + 1)
    if (page.last !== undefined) add('last', page.last)
  }
  if (page.number > 1) add('first', 1)
  return links.length > 0 ? links.join(', ') : undefined
}

/** A query parameter that must be one of a few words. */
export function choice<Choice extends string>(
  query: URLSearchParams,
  field: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = query.get(field)
  if (value === null) return undefined
  const found = choices.find((candidate) => candidate === value)
  if (found === undefined)
    throw invalid('Search', field, 'invalid', `${field} must be one of ${choices.join(', ')}`)
  return found
}

export function dateParameter(query: URLSearchParams, field: string): number | undefined {
  const value = query.get(field)
  if (value === null) return undefined
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw invalid('Search', field, 'invalid', `${field} is not a date`)
  return at
}
