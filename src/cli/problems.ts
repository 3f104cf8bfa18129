/** Problems as a terminal shows them: `file:line:column`, which editors and terminals make a link of, then what and how. */
import type { Problem } from '../core/problem.ts'
import { type Output, shown, shownLines } from './output.ts'

export function formatProblem(
  { file, line, column, code, message, fix }: Problem,
  paint: Output['paint'] = (_, text) => text,
): string {
  const where = paint('bold', `${shown(file)}:${line}:${column}`)
  return `${where} ${paint('red', code)}\n  ${indented(message)}\n  ${indented(fix)}`
}

/** Some messages show the line they speak of; its hidden characters are named already. */
function indented(text: string): string {
  return shownLines(text).replaceAll('\n', '\n  ')
}
