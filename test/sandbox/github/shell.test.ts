import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { lastInShell, runInShell } from '../../../src/sandbox/github/shell.ts'

const SHELL = new URL('../../../src/sandbox/github/shell.ts', import.meta.url).href

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
      runInShell(directory, ['cat'], { input: Buffer.from([0, 255, 10, 0]) }),
      runInShell(directory, ['cat']),
    ])

    expect([...given.stdout]).toEqual([0, 255, 10, 0])
    expect(none.stdout.length).toBe(0)
  })

  test('is told what it is to know, whatever is in it, and nothing of this process', async () => {
    const environment = { GIVEN: "it's $(a)\n*" }
    const { stdout } = await runInShell('/', ['sh', '-c', 'printf %s "$GIVEN|$HOME"'], { environment })

    expect(stdout.toString()).toBe(`${environment.GIVEN}|`)
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

describe('a command that goes on', () => {
  test('answers what it is asked, and ends with its input', async () => {
    const echo = lastInShell(directory, [
      'sh',
      '-c',
      'while read line; do echo "<$line> $1"; done',
      'sh',
      "it's",
    ])
    const heard = once(echo.stdout, 'data')
    echo.stdin.write('one\n')

    expect(String((await heard)[0])).toBe("<one> it's\n")
    echo.close()
    expect(await echo.ended).toBe(0)
  })

  test('tells that it ended by itself', async () => {
    const gone = lastInShell(directory, ['sh', '-c', 'read line; exit 3'])
    gone.stdin.write('go\n')

    expect(await gone.ended).toBe(3)
  })

  test('leaves nothing of what it wrote to the next one', async () => {
    for (let turn = 0; turn < 40; turn += 1) {
      const one = lastInShell(directory, [
        'sh',
        '-c',
        'echo "$1 and more"; read line; echo late',
        'sh',
        String(turn),
      ])
      expect(String((await once(one.stdout, 'data'))[0])).toBe(`${turn} and more\n`)
      one.close()
      await one.ended
    }
  })

  test('ends where it is closed before it began', async () => {
    const soon = lastInShell(directory, ['cat'])
    soon.close()

    expect(await soon.ended).toBe(0)
  })

  test('is heard to the end of what it said', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const brief = lastInShell(directory, ['sh', '-c', 'read line; seq 1000; exit 1'])
      const said: Buffer[] = []
      brief.stdout.on('data', (chunk: Buffer) => said.push(chunk))
      brief.stdin.write('go\n')
      await brief.ended
      expect(Buffer.concat(said).toString()).toMatch(/\n1000\n$/)
    }
  })

  test('ends with the process that started it', async () => {
    const script = `import { lastInShell } from ${JSON.stringify(SHELL)}
      const child = lastInShell('/', ['sh', '-c', 'echo $$; read line; sleep 0'])
      child.stdout.once('data', (pid) => { process.stdout.write(pid, () => process.kill(process.pid, 'SIGKILL')) })`
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    const pid = Number(stdout)

    expect(pid).toBeGreaterThan(1)
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })
  })
})
