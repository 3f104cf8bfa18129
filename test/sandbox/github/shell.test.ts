import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInShell } from '../../../src/sandbox/github/shell.ts'

let directory: string

beforeAll(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'shell-')), 'it\'s $(a) `b` "c" \\ d')
  await mkdir(directory)
})

afterAll(() => rm(join(directory, '..'), { recursive: true }))

describe('a command in the shell', () => {
  test.each([
    "it's",
    '$(touch here)',
    '`touch here`',
    '"; touch here; "',
    "'; touch here; '",
    'a\ntouch here\n',
    '\\',
    '*',
    '-n',
    '',
    'ä€😀',
  ])('gets %j as it is, and nothing of it is run', async (word) => {
    const { code, stdout } = await runInShell(directory, ['printf', '%s|', word, word])

    expect({ code, out: stdout.toString() }).toEqual({ code: 0, out: `${word}|${word}|` })
    expect(await readdir(directory)).toEqual([])
  })

  test('reads its own input, and none that is meant for the shell', async () => {
    const [given, none] = await Promise.all([
      runInShell(directory, ['cat'], Buffer.from([0, 255, 10, 0])),
      runInShell(directory, ['cat']),
    ])

    expect([...given.stdout]).toEqual([0, 255, 10, 0])
    expect(none.stdout.length).toBe(0)
  })

  test('tells how it ended and what it complained of', async () => {
    const { code, stderr } = await runInShell(directory, ['sh', '-c', 'echo trouble >&2; exit 7'])

    expect({ code, complaint: stderr.toString() }).toEqual({ code: 7, complaint: 'trouble\n' })
  })

  test('runs beside others, each with its own answer', async () => {
    const words = Array.from({ length: 40 }, (_, index) => `word ${index}`)
    const ended = await Promise.all(words.map((word) => runInShell(directory, ['printf', '%s', word])))

    expect(ended.map(({ stdout }) => stdout.toString())).toEqual(words)
  })

  test('leaves no ended process behind', async () => {
    for (let run = 0; run < 20; run += 1) await runInShell(directory, ['true'])
    const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    const processes = listed.split('\n').map((line) => line.trim().split(/\s+/))
    const shells = processes.flatMap(([pid, parent, , ...args]) =>
      parent === String(process.pid) && args.join(' ') === '/bin/sh -s' ? [pid] : [],
    )

    expect(shells).toHaveLength(1)
    const ended = processes.filter(([, parent, state]) => parent === shells[0] && state?.startsWith('Z'))
    expect(ended.length).toBeLessThan(5)
  })

  test('is refused where an argument holds what no process can be given', async () => {
    await expect(runInShell(directory, ['printf', 'a\0b'])).rejects.toThrow('NUL')
  })
})
