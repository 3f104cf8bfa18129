/** Reads over HTTP: conditional where the answer may change, so that what did not costs nothing, and every failure is named. */
import { Unreadable } from '../ports.ts'
import { createBoundedCache } from './bounded-cache.ts'
import type { Octokit } from './context.ts'
import { statusOf, unreadable } from './failures.ts'

/** One of Octokit's methods for an endpoint. */
interface Method<P, D> {
  (parameters?: P): Promise<Answer<D>>
  endpoint(parameters: P): { readonly url: string }
}

interface Answer<D> {
  readonly data: D
  readonly headers: { readonly etag?: string | undefined; readonly link?: string | undefined }
}

/** An answer as it is kept. */
interface Known<D> extends Answer<D> {
  /** How many items GitHub's page holds. */
  readonly size: number
}

interface WithHeaders {
  headers?: Record<string, string | number | undefined>
}

type ReadAll = <P extends WithHeaders, D, T>(
  what: string,
  method: Method<P, D>,
  parameters: P,
  items: (page: D) => readonly T[],
) => Promise<T[]>

/** `what` names the read in the error. */
export interface Reads {
  one<P extends WithHeaders, D>(what: string, method: Method<P, D>, parameters: P): Promise<D>
  /** Undefined where GitHub answers 404: only for what may rightly not be there. */
  maybe<P extends WithHeaders, D>(what: string, method: Method<P, D>, parameters: P): Promise<D | undefined>
  /**
   * What an address can only ever answer in one way, and the caller remembers: nothing of it is kept here, where it would push
   * out what is asked again.
   */
  once<P extends WithHeaders, D>(what: string, method: Method<P, D>, parameters: P): Promise<D>
  /** All pages; `items` takes the wanted ones out of each. */
  all: ReadAll
  /** All pages of what is read `once`. */
  allOnce: ReadAll
  /**
   * The same of a list that anybody can fill: nothing but the wanted items is kept of a page, so that all of them stay
   * known however much they hold. Nothing else may be read at the same address.
   */
  sifted: ReadAll
  /** All items of the pages up to the one that holds the first that is wanted; of all pages where none does. */
  upTo<P extends WithHeaders, D, T>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    items: (page: D) => readonly T[],
    isWanted: (item: T) => boolean,
  ): Promise<T[]>
  /** The first item that is wanted; no page after the one that holds it is read. */
  find<P extends WithHeaders, D, T>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    items: (page: D) => readonly T[],
    isWanted: (item: T) => boolean,
  ): Promise<T | undefined>
}

/** Characters of JSON. */
const CAPACITY = 32 * 1024 * 1024
/** No list that the app reads is this long; a server that links pages in a circle must not hold the loop. */
const MAX_PAGES = 1000

export function createReads(octokit: Octokit): Reads {
  const answers = createBoundedCache<Known<unknown>>(CAPACITY)

  async function conditional<D, K>(
    url: string,
    send: (headers: Record<string, string>) => Promise<Answer<D>>,
    keep: (data: D) => K,
    isPage = false,
  ): Promise<Answer<K>> {
    // What is kept under an address was an answer of the same endpoint, and kept in the same way.
    const known = answers.get(url) as Known<K> | undefined
    const etag = isPage && known && mayGrow(url, known) ? undefined : known?.headers.etag
    try {
      const { data, headers } = await send(etag === undefined ? {} : { 'if-none-match': etag })
      const { etag: now, link } = headers
      const answer = { data: keep(data), size: lengthOf(data), headers: { etag: now, link } }
      if (now !== undefined) answers.set(url, answer, url.length + sizeOf(answer.data))
      return answer
    } catch (error) {
      if (known && statusOf(error) === 304) return known
      throw error
    }
  }

  function first<P extends WithHeaders, D, K>(
    method: Method<P, D>,
    parameters: P,
    keep: (data: D) => K,
    isPage = false,
  ): Promise<Answer<K>> {
    const { url } = method.endpoint(parameters)
    const key = `${parameters.headers?.accept ?? ''} ${url}`
    const send = (headers: Record<string, string>) =>
      method({ ...parameters, headers: { ...parameters.headers, ...headers } })
    return conditional(key, send, keep, isPage)
  }

  function next<D, K>(url: string, keep: (data: D) => K): Promise<Answer<K>> {
    return conditional(url, (headers) => octokit.request({ method: 'GET', url, headers }), keep, true)
  }

  function pages<P extends WithHeaders, D, K>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    keep: (data: D) => K,
  ): AsyncGenerator<K> {
    return linked(
      what,
      () => first(method, parameters, keep, true),
      (url) => next(url, keep),
    )
  }

  async function sifted<P extends WithHeaders, D, T>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    items: (page: D) => readonly T[],
  ): Promise<T[]> {
    return gathered(pages(what, method, parameters, items), (wanted) => wanted)
  }

  async function upTo<P extends WithHeaders, D, T>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    items: (page: D) => readonly T[],
    isWanted: (item: T) => boolean,
  ): Promise<T[]> {
    const found: T[] = []
    for await (const page of pages(what, method, parameters, whole)) {
      const held = items(page)
      found.push(...held)
      if (held.some(isWanted)) break
    }
    return found
  }

  async function once<P extends WithHeaders, D>(
    what: string,
    method: Method<P, D>,
    parameters: P,
  ): Promise<D> {
    try {
      return (await method(parameters)).data
    } catch (error) {
      throw unreadable(what, error)
    }
  }

  async function allOnce<P extends WithHeaders, D, T>(
    what: string,
    method: Method<P, D>,
    parameters: P,
    items: (page: D) => readonly T[],
  ): Promise<T[]> {
    return gathered(
      linked<D>(what, () => method(parameters), askPlainly),
      items,
    )
  }

  function askPlainly<D>(url: string): Promise<Answer<D>> {
    return octokit.request({ method: 'GET', url })
  }

  return {
    once,
    allOnce,
    async one(what, method, parameters) {
      try {
        return (await first(method, parameters, whole)).data
      } catch (error) {
        throw unreadable(what, error)
      }
    },
    async maybe(what, method, parameters) {
      try {
        return (await first(method, parameters, whole)).data
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw unreadable(what, error)
      }
    },
    all: (what, method, parameters, items) => upTo(what, method, parameters, items, () => false),
    sifted,
    upTo,
    async find(what, method, parameters, items, isWanted) {
      for await (const page of pages(what, method, parameters, whole)) {
        const found = items(page).find(isWanted)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

async function gathered<P, T>(pages: AsyncIterable<P>, items: (page: P) => readonly T[]): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages) found.push(...items(page))
  return found
}

/** The data of a page, and of each that it links to. */
async function* linked<D>(
  what: string,
  first: () => Promise<Answer<D>>,
  next: (url: string) => Promise<Answer<D>>,
): AsyncGenerator<D> {
  try {
    let page = await first()
    yield page.data
    for (let read = 1; ; read++) {
      const url = nextPage(page.headers.link)
      if (url === undefined) return
      if (read >= MAX_PAGES) throw new Unreadable(what, `more than ${MAX_PAGES} pages`)
      page = await next(url)
      yield page.data
    }
  } catch (error) {
    throw unreadable(what, error)
  }
}

/** In characters of JSON; ids of more than 53 bits come as a `bigint`. */
function sizeOf(data: unknown): number {
  return JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? String(value) : value)).length
}

/** Keeps an answer as it is. */
function whole<D>(data: D): D {
  return data
}

/**
 * A last page that is full: whatever is added comes on a page after it, of which only the `Link` header would tell. GitHub's ETag is
 * of the body alone, so that its answer is still 304 then.
 */
function mayGrow(url: string, { size, headers }: Known<unknown>): boolean {
  const full = /[?&]per_page=(\d+)/.exec(url)?.[1]
  return full !== undefined && nextPage(headers.link) === undefined && size >= Number(full)
}

/** How many items a page holds, bare or in the one list of its object. */
function lengthOf(page: unknown): number {
  if (Array.isArray(page)) return page.length
  if (typeof page !== 'object' || page === null) return 0
  return Math.max(0, ...Object.values(page).map((value) => (Array.isArray(value) ? value.length : 0)))
}

function nextPage(link: string | undefined): string | undefined {
  return link?.match(/<([^<>]+)>\s*;\s*rel="next"/)?.[1]
}
