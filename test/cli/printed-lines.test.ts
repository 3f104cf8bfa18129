/** The lines that `npm start` prints for alice at the command line, and docs/cli.md shows: typed as they are printed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadyFile } from '../../src/sandbox/ready.ts'
import { findAwsClis } from '../support/aws-tools.ts'
import { runProcess } from './run-cli.ts'
import { hasTerminals, type Typed, typeAtTerminal } from './terminal.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SERVER = join(ROOT, 'dist/server.js')
const PAGE = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')

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

/** Whatever a page says of a package that npx may fetch. */
const NPX = /\bnpx (?!--no )\S*daypass\b.*/g

const AUDIT = readFileSync(join(ROOT, 'docs/audit.md'), 'utf8')

/** A block of docs/cli.md by how it begins. */
function blockOf(beginning: string, page = PAGE): string {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block.trim())
  return blocks.find((block) => block.startsWith(beginning)) ?? ''
}

const withoutPorts = (line: string) => line.replace(/(?<=127\.0\.0\.1:)\d+/g, 'PORT')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-printed-'))
  // As in a checkout of Daypass.
  await symlink(join(ROOT, 'dist'), join(directory, 'dist'))
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

  test('leave nothing in a checkout that git would take for a change', async () => {
    const files = [...reading.join('\n').matchAll(/(?<=\$PWD\/)[\w-]+/g)].map(([file]) => file)
    const left = ['access/', ...files]
    const { stdout } = await runProcess('git', ['check-ignore', ...left], { cwd: ROOT })

    expect(left).toEqual(['access/', 'aws-config', 'aws-keys'])
    expect(stdout.trim().split('\n')).toEqual(left)
  })

  test.skipIf(!hasTerminals)('clone, ask for what is missing, and open the pull request', async () => {
    const { code, screen } = await typeAtTerminal(`set -e\n${printed.join('\n')}`, {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '' },
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

  test.skipIf(!hasTerminals)('leave a clone that can be audited with the key of the sandbox', async () => {
    const block = blockOf("node -p 'JSON", AUDIT)
    const { code, stdout, stderr } = await runProcess('sh', ['-ec', block], { cwd: directory })
    const key = await readFile(join(directory, 'receipts.pub'), 'utf8')

    expect(key).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('0 requests')
  })

  test.skipIf(!hasTerminals || aws === undefined)('read with the AWS CLI what was approved', async () => {
    const { github, control } = JSON.parse(await readFile(join(directory, 'ready.json'), 'utf8')) as ReadyFile
    const olivia = new Octokit({ auth: github.tokens.olivia, baseUrl: `${github.url}/api/v3`, log: SILENT })
    const at = { owner: 'acme', repo: 'access', pull_number: 1 }
    await olivia.pulls.createReview({ ...at, event: 'APPROVE' })
    await fetch(`${control.url}/settled`)
    await olivia.pulls.merge(at)
    await fetch(`${control.url}/settled`)
    const env = { PATH: `${aws?.directory}:${process.env.PATH}`, AWS_PAGER: '' }
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

test('no page and no comment has anybody run what npx would fetch from a registry', async () => {
  const { stdout } = await runProcess('git', ['ls-files', 'README.md', 'docs', 'src'], { cwd: ROOT })
  const files = stdout.trim().split('\n')

  expect(files.length).toBeGreaterThan(100)
  expect(files.flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(NPX) ?? [])).toEqual([])
})
