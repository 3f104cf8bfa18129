/** Every command line of docs/audit.md, run as it stands there in a clone that has a history. */
import { readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKey } from '../core/samples.ts'
import { writeHistory } from './history.ts'
import { makeRepository, type Ran, type Repository, runAlone, runCli, runProcess } from './run-cli.ts'

const PAGE = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')
const COMMANDS = [...new Set(PAGE.match(/(?<=`|^npx )daypass audit [^`\n]+/gm))]

const ours = testKey(1)
let repository: Repository

/** The words of a line, as the shell hands them to the command. */
async function wordsOf(line: string): Promise<readonly string[]> {
  const PATH = `${join(repository.root, 'bin')}:${process.env.PATH}`
  const { stdout } = await runProcess('sh', ['-ec', line], { cwd: repository.root, env: { PATH } })
  return stdout.split('\n').slice(0, -1)
}

const run = async (line: string, how = runCli): Promise<Ran> =>
  how(await wordsOf(line), { cwd: repository.root })

beforeAll(async () => {
  repository = await makeRepository({
    'receipt-key.pem': ours.privatePem,
    'bin/daypass': `#!/bin/sh\nprintf '%s\\n' "$@"\n`,
  })
  await chmod(join(repository.root, 'bin/daypass'), 0o755)
  await writeHistory(repository.root, {
    requests: 30,
    privateKey: ours.privatePem,
    odd: (n) => (n === 10 ? 'refused' : n === 20 ? 'self' : undefined),
  })
  const [, openssl = ''] = /^(openssl pkey .*)$/m.exec(PAGE) ?? []
  await runProcess('sh', ['-ec', openssl], { cwd: repository.root })
})
afterAll(() => repository.remove())

describe('docs/audit.md', () => {
  test('makes the public key from the app’s key', () => {
    expect(readFileSync(join(repository.root, 'receipts.pub'), 'utf8')).toBe(ours.publicPem)
  })

  test('has commands for what an auditor asks', () => {
    expect(COMMANDS.length).toBeGreaterThan(10)
  })

  test.each(COMMANDS.filter((command) => !command.includes('--verify')))('%s', async (command) => {
    const { code, stderr } = await run(command)

    expect(stderr).not.toMatch(/^error/m)
    expect(code).toBe(0)
  })

  test.each(COMMANDS.filter((command) => command.includes('--verify')))(
    '%s is understood, and needs a GitHub to ask',
    async (command) => {
      const { code, stderr } = await run(command)

      expect(stderr).toContain('--repository')
      expect(code).not.toBe(0)
    },
  )

  test.each([
    ['What was refused?', 1, 'request-10.yaml'],
    ['Is there anything odd?', 1, 'request-20.yaml'],
  ])('the command beside “%s” finds it', async (question, number, path) => {
    const [, command = ''] =
      new RegExp(`^\\| ${question.replace('?', '\\?')} \\| \`([^\`]+)\``, 'm').exec(PAGE) ?? []
    const { stdout } = await run(`${command} --json`, runAlone)
    const { requests } = JSON.parse(stdout) as { readonly requests: readonly { readonly path: string }[] }

    expect(requests.filter((request) => request.path.endsWith(path))).toHaveLength(number)
  })
})
