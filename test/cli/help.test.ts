import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { runAlone } from './run-cli.ts'

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

test('help for a command that there is not says so', async () => {
  const { code, stdout, stderr } = await runAlone(['help', 'bogus'], { cwd: '/tmp' })

  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toBe("error: unknown command 'bogus'\nSee --help.\n")
})

test('tells its version', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

  expect(await runAlone(['--version'], { cwd: '/tmp' })).toMatchObject({ code: 0, stdout: `${version}\n` })
})
