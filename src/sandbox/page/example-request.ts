/** A request to begin with, as a link to GitHub's own page for a new file, filled in for whoever looks. */
import { type Place, pathTo } from './visit.ts'

const FOLDER = 'access-requests/prod/customer-exports'

/** `taken` are the names that are in the folder already. */
export function exampleRequest(
  at: Place,
  branch: string,
  login: string,
  taken: readonly string[] = [],
): string {
  const numbers = Array.from({ length: taken.length + 1 }, (_, index) => 4211 + index)
  const free = numbers.find((number) => !taken.includes(nameOf(login, number))) ?? 4211
  const text = [
    `requester: ${login}`,
    `reason: Find the corrupt rows behind INC-${free}`,
    'prefixes: [exports/2026/11/]',
    'duration: 4h',
    '',
  ].join('\n')
  const query = new URLSearchParams({ filename: `${FOLDER}/${nameOf(login, free)}`, value: text })
  return `${pathTo(at, 'new', branch)}?${query}`
}

function nameOf(login: string, number: number): string {
  return `${login}-inc-${number}.yaml`
}

export { FOLDER as EXAMPLE_FOLDER }
