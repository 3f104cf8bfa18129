import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'

const PAGE = new URL('../../docs/cli.md', import.meta.url)
const BEGIN = '<!-- Written by UPDATE_GOLDEN=1 npx vitest run test/cli/help.test.ts -->\n'

/** As wide as a page, whatever the terminal is. */
function helpOf(command: Command): string {
  command.configureOutput({ getOutHelpWidth: () => 100 })
  return command.helpInformation().trim()
}

test('docs/cli.md tells of every command what its help says', () => {
  const program = createProgram(() => {})
  const reference = program.commands
    .map((command) => `\n### daypass ${command.name()}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`)
    .join('')
  const page = readFileSync(PAGE, 'utf8')
  const [before = ''] = page.split(BEGIN)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PAGE, `${before}${BEGIN}${reference}`)

  expect(readFileSync(PAGE, 'utf8')).toBe(`${before}${BEGIN}${reference}`)
})
