/** The lines that `npm start` prints for alice at the command line, and docs/cli.md shows: typed as they are printed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadyFile } from '../../src/sandbox/ready.ts'
import { findAwsClis } from '../support/aws-tools.ts'
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

/** An older one asks AWS itself, whatever the environment says. */
const aws = (await findAwsClis()).find(({ knowsEndpointVariable }) => knowsEndpointVariable)
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

let directory: string
let server: ChildProcess
let printed: readonly string[]
let reading: readonly string[]

/** What is printed for alice, to ask and then to read, each line without its margin. */
async function startPrinting(): Promise<readonly [readonly string[], readonly string[]]> {
  server = spawn(process.execPath, [SERVER, '--no-tour', '--ready-file', join(directory, 'ready.json')], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith('Tokens and keys')) break
    lines.push(line)
  }
  server.stdout?.resume()
  const begin = lines.indexOf('As alice, at the command line:')
  const then = lines.findIndex((line) => line.startsWith('When olivia has approved'))
  const trimmed = lines.map((line) => line.trim())
  return [trimmed.slice(begin + 1, then), trimmed.slice(then + 1)]
}

/** A block of docs/cli.md by how it begins. */
function blockOf(beginning: string): string {
  const blocks = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block.trim())
  return blocks.find((block) => block.startsWith(beginning)) ?? ''
}

const withoutPorts = (line: string) => line.replace(/(?<=127\.0\.0\.1:)\d+/g, 'PORT')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-printed-'))
  // `npx daypass` is this build, as in a checkout of Daypass; npx itself would look for one at a registry.
  await writeFile(join(directory, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  await chmod(join(directory, 'npx'), 0o755)
  ;[printed, reading] = await startPrinting()
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
    const asking = printed.map((line) =>
      withoutPorts(line).replace(/(?<=alice:|GITHUB_TOKEN=)[\w-]+/g, 'TOKEN'),
    )
    const read = reading.map((line) =>
      withoutPorts(line)
        .replace(/(?<=access_key_id ).+/, 'KEY')
        .replace(/(?<=secret_access_key ).+/, 'SECRET'),
    )

    expect(asking.join('\n')).toBe(blockOf('git clone http:'))
    expect(read.join('\n')).toBe(blockOf('export AWS_ENDPOINT_URL='))
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

  test.skipIf(!hasTerminals || aws === undefined)('read with the AWS CLI what was approved', async () => {
    const { github, control } = JSON.parse(await readFile(join(directory, 'ready.json'), 'utf8')) as ReadyFile
    const olivia = new Octokit({ auth: github.tokens.olivia, baseUrl: `${github.url}/api/v3`, log: SILENT })
    const at = { owner: 'acme', repo: 'access', pull_number: 1 }
    await olivia.pulls.createReview({ ...at, event: 'APPROVE' })
    await fetch(`${control.url}/settled`)
    await olivia.pulls.merge(at)
    await fetch(`${control.url}/settled`)
    const env = { PATH: `${directory}:${aws?.directory}:${process.env.PATH}`, AWS_PAGER: '' }
    const ask = printed.filter((line) => line.startsWith('export'))
    const script = `set -e\n${[...ask, ...reading].join('\n')}`
    const { screen } = await typeAtTerminal(script, { cwd: directory, env, answers: [] })
    const [, list = ''] =
      /Try: (aws s3 ls \S+ --profile [\w.-]+)/.exec(screen.replaceAll(/\s*\r?\n/g, ' ')) ?? []
    const [files = ''] = reading
    const listed = await typeAtTerminal(`${files}\n${list}`, { cwd: directory, env, answers: [] })

    expect(list).toContain('s3://customer-exports/exports/')
    expect(listed.screen).toContain('PRE 2026/')
    expect(listed.code).toBe(0)
  })
})
