/** Compares a text that people read with the file that holds it in full; UPDATE_GOLDEN=1 writes the file anew. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'

const FOLDER = new URL('./texts/', import.meta.url)

export function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.md`, FOLDER)
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, `${text}\n`)
  }
  expect(existsSync(file), `${file.pathname} is missing: write it with UPDATE_GOLDEN=1, then read it`).toBe(
    true,
  )
  expect(`${text}\n`).toBe(readFileSync(file, 'utf8'))
}

/** A check's texts as one page. */
export function pageOf(report: {
  readonly conclusion?: string
  readonly title: string
  readonly summary: string
  readonly annotations: readonly {
    readonly path: string
    readonly line: number
    readonly column: number
    readonly title: string
    readonly message: string
  }[]
}): string {
  const { conclusion, title, summary, annotations } = report
  const heading = `# ${title}${conclusion === undefined ? '' : ` [${conclusion}]`}`
  const notes = annotations.map(
    ({ path, line, column, title, message }) => `${path}:${line}:${column}\n${title}\n${message}`,
  )
  return [heading, summary, ...(notes.length > 0 ? ['## Annotations', ...notes] : [])].join('\n\n')
}
