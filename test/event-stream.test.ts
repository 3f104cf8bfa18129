import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { eventOf } from '../src/core/event.ts'
import { createEventStream } from '../src/event-stream.ts'

const directory = mkdtempSync(join(tmpdir(), 'daypass-events-'))
const file = join(directory, 'events.jsonl')

afterAll(() => rmSync(directory, { recursive: true }))

beforeEach(() => {
  rmSync(file, { recursive: true, force: true })
})

function stray(name: string) {
  return eventOf({ id: 1, name: 'acme/access' }, 1_764_000_000, {
    event: 'stray-denied',
    account: { alias: 'prod', id: '111111111111' },
    role: `arn:aws:iam::111111111111:role/daypass/1/${name}`,
  })
}

const namesIn = (text: string) => [...text.matchAll(/role\/daypass\/1\/([^"]+)"/g)].map(([, name]) => name)

describe('a file', () => {
  test('gets every line whole and in order, however many are told at once, and each once', async () => {
    const { tell } = createEventStream(file, () => {})
    const names = Array.from({ length: 50 }, (_, index) => `role-${index}`)
    await Promise.all([...names, ...names].map((name) => tell(stray(name))))

    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(names.map(stray))
  })

  test('that was moved away is begun anew', async () => {
    const { tell } = createEventStream(file, () => {})
    await tell(stray('before'))
    renameSync(file, `${file}.1`)
    await tell(stray('after'))

    expect(namesIn(readFileSync(`${file}.1`, 'utf8'))).toEqual(['before'])
    expect(namesIn(readFileSync(file, 'utf8'))).toEqual(['after'])
  })

  test('that ends in half a line is gone on with on a line of its own', async () => {
    await createEventStream(file, () => {}).tell(stray('half'))
    truncateSync(file, 100)
    await createEventStream(file, () => {}).tell(stray('whole'))

    const [half = '', whole = '', end] = readFileSync(file, 'utf8').split('\n')
    expect(half).toHaveLength(100)
    expect(JSON.parse(whole)).toEqual(stray('whole'))
    expect(end).toBe('')
  })

  test('that can not be written keeps the lines in order for later, and each is told of once as failed', async () => {
    const failed: string[] = []
    const { tell, flush } = createEventStream(file, (_, lines) =>
      failed.push(...namesIn(lines.join('')).map(String)),
    )
    mkdirSync(file)
    await tell(stray('first'))
    await tell(stray('second'))
    expect(await flush()).toBe(false)
    rmdirSync(file)
    expect(await flush()).toBe(true)
    await tell(stray('third'))

    expect(failed).toEqual(['first', 'second'])
    expect(namesIn(readFileSync(file, 'utf8'))).toEqual(['first', 'second', 'third'])
  })

  test('that somebody else writes to as well loses nothing of either', async () => {
    const { tell } = createEventStream(file, () => {})
    await tell(stray('ours'))
    appendFileSync(file, 'theirs\n')
    await tell(stray('ours-too'))

    expect(readFileSync(file, 'utf8').split('\n')[1]).toBe('theirs')
    expect(namesIn(readFileSync(file, 'utf8'))).toEqual(['ours', 'ours-too'])
  })
})

describe('standard output', () => {
  const module = new URL('../dist/event-stream.js', import.meta.url).pathname

  function run(command: string) {
    const script = `
      const { createEventStream } = await import(${JSON.stringify(module)})
      const stream = createEventStream('-', (error) => console.error(error.code))
      for (let count = 0; count < 50; count++) {
        await stream.tell({ id: String(count), event: 'x'.repeat(10000) })
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      console.error('alive')`
    return spawnSync('bash', ['-c', command], {
      encoding: 'utf8',
      env: { ...process.env, SCRIPT: script, NODE: process.execPath },
    })
  }

  test('gets the lines', () => {
    expect(existsSync(module)).toBe(true)
    const { stdout, stderr } = run('"$NODE" --input-type=module -e "$SCRIPT"')

    expect(stdout.trimEnd().split('\n')).toHaveLength(50)
    expect(stderr).toBe('alive\n')
  })

  test('that nobody reads any more does not end the process', () => {
    const { stderr } = run('"$NODE" --input-type=module -e "$SCRIPT" | head -n 1 >/dev/null')

    expect(stderr).toContain('EPIPE')
    expect(stderr).toMatch(/alive\n$/)
  })
})
