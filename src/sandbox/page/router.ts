/** Finds the page or the form that an address means. */
import type { PageAnswer, Visit } from './visit.ts'

export interface PageRoute {
  readonly method: 'GET' | 'POST'
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly answer: (visit: Visit) => Promise<PageAnswer> | PageAnswer
}

export function get(path: string, answer: PageRoute['answer']): PageRoute {
  return { method: 'GET', ...compile(path), answer }
}

export function post(path: string, answer: PageRoute['answer']): PageRoute {
  return { method: 'POST', ...compile(path), answer }
}

/** `:name` takes one segment, `*name` the rest, slashes included. */
function compile(path: string): Pick<PageRoute, 'pattern' | 'names'> {
  const names: string[] = []
  const source = path.replace(/([:*])(\w+)/g, (_, kind: string, name: string) => {
    names.push(name)
    return kind === ':' ? '([^/]+)' : '(.+)'
  })
  return { pattern: new RegExp(`^${source}/?$`), names }
}

export interface FoundPage {
  readonly route: PageRoute
  readonly params: ReadonlyMap<string, string>
}

/** The first that matches; undefined where none does, or the address is not well encoded. */
export function findPage(
  routes: readonly PageRoute[],
  method: string,
  pathname: string,
): FoundPage | undefined {
  for (const route of routes) {
    if (route.method !== method) continue
    const match = route.pattern.exec(pathname)
    if (!match) continue
    const values = match.slice(1).map(decode)
    if (values.includes(undefined)) return undefined
    return { route, params: new Map(route.names.map((name, index) => [name, values[index] ?? ''])) }
  }
  return undefined
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
