import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../../src/sandbox/app-process.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'

const STAND_IN = fileURLToPath(new URL('../support/stand-in-app.mjs', import.meta.url))

const page = readFileSync(new URL('../../docs/reference.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^```control\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
  block.trim().split('\n').map(parse),
)

function parse(line: string) {
  const [, method = '', path = '', body] = /^([A-Z]+) (\S+)(?: (.+))?$/.exec(line) ?? []
  return { line, method, path, body }
}

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ app: runCommand(process.execPath, [STAND_IN]) })
})
afterAll(() => sandbox.close())

const send = ({ method, path, body }: { method: string; path: string; body?: string | undefined }) =>
  fetch(sandbox.ready.control.url + path, { method, ...(body !== undefined && { body }) })

test('every example of the control in the reference is taken as it stands', async () => {
  const refused: string[] = []
  for (const example of examples) {
    const answer = await send(example)
    if (!answer.ok) refused.push(`${example.line}: ${answer.status} ${await answer.text()}`)
  }
  expect(refused).toEqual([])
})

test('the reference has an example of everything the control can do', async () => {
  const { message } = (await (await send({ method: 'GET', path: '/nothing' })).json()) as { message: string }
  const known = message.replace(/^.*there are: |\.$/g, '').split(', ')

  expect(known.length).toBeGreaterThan(10)
  expect(new Set(examples.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(known))
})

test('the reference explains every kind of fault that there is an example of, and no other', async () => {
  const explained = [...page.matchAll(/^\| `([a-z-]+)` +\| [^|`]*(?:refused|answer|connection)/gm)].map(
    ([, kind]) => kind,
  )
  const shown = examples.flatMap(({ body = '' }) => /"kind": "([a-z-]+)"/.exec(body)?.[1] ?? [])
  expect(shown.length).toBeGreaterThan(explained.length)
  expect(new Set(shown)).toEqual(new Set(explained))
})
