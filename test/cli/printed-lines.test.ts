/** The lines that `npm start` prints for alice at the command line, and docs/cli.md shows: typed as they are printed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLI } from './run-cli.ts'
import { hasTerminals, type Typed, typeAtTerminal } from './terminal.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
const PAGE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

const ANSWERS: readonly Typed[] = [
  { after: 'Which folder', type: 'exports/' },
  { after: 'What do you need the data for?', type: 'Find the corrupt rows behind INC-4211' },
  { after: 'For how long', type: '2h' },
  { after: 'Send it? [y/N]', type: 'y' },
]

let directory: string
let server: ChildProcess
let printed: readonly string[]

/** What is printed between the words for alice and what comes after, each line without its margin. */
async function startPrinting(): Promise<readonly string[]> {
  server = spawn(process.execPath, [SERVER, '--no-tour'], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith('Tokens and keys')) break
    lines.push(line)
  }
  server.stdout?.resume()
  return lines.slice(lines.indexOf('As alice, at the command line:') + 1).map((line) => line.trim())
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-printed-'))
  // `npx daypass` is this build, as in a checkout of Daypass; npx itself would look for one at a registry.
  await writeFile(join(directory, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  await chmod(join(directory, 'npx'), 0o755)
  printed = await startPrinting()
})
afterAll(async () => {
  if (server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'close')
  }
  await rm(directory, { recursive: true })
})

describe('the lines that `npm start` prints', () => {
  test('are those of docs/cli.md, with the token and the port filled in', () => {
    const [, block = ''] = /^```sh\n(git clone http:.*?)^```$/ms.exec(PAGE) ?? []
    const general = printed.map((line) =>
      line.replace(/(?<=alice:|GITHUB_TOKEN=)[\w-]+/g, 'TOKEN').replace(/(?<=127\.0\.0\.1:)\d+/g, 'PORT'),
    )

    expect(general.join('\n')).toBe(block.trim())
  })

  test.skipIf(!hasTerminals)('clone, ask for what is missing, and open the pull request', async () => {
    const { code, screen } = await typeAtTerminal(`set -e\n${printed.join('\n')}`, {
      cwd: directory,
      env: { PATH: `${directory}:${process.env.PATH}` },
      answers: ANSWERS,
    })
    const [, token = '', url = ''] =
      /GITHUB_TOKEN=(\S+) GITHUB_SERVER_URL=(\S+)/.exec(printed.join('\n')) ?? []
    const answer = await fetch(`${url}/api/v3/repos/acme/access/pulls`, {
      headers: { authorization: `Bearer ${token}` },
    })

    expect(screen).toContain('alice could read exports/ in customer-exports for 2 h')
    expect(await answer.json()).toMatchObject([{ state: 'open', user: { login: 'alice' } }])
    expect(code).toBe(0)
  })
})
