import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, startBench } from './bench.ts'

const SESSION = fileURLToPath(new URL('../../support/pygithub-session.py', import.meta.url))
const PYTHON = '/usr/bin/python3'

const isInstalled = hasPyGithub()
if (!isInstalled) console.warn('SKIPPED: PyGithub is not installed (Debian: apt-get install python3-github).')

function hasPyGithub(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import github'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.runIf(isInstalled)('PyGithub, as Debian ships it', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench.close())

  test('opens, reviews, merges and comments, reads pages, and is refused where it should be', async () => {
    const run = promisify(execFile)(PYTHON, [SESSION, bench.api, 'token-of-alice', 'token-of-olivia'])

    expect(JSON.parse((await run).stdout)).toEqual({
      login: 'alice',
      repository: [101, true, true],
      text: 'two\n',
      files: [['python/a.txt', 'added']],
      commits: ['Write a', 'Change a'],
      reviews: [['olivia', 'APPROVED']],
      comments: ['A word'],
      labels: ['python'],
      review: 'APPROVED',
      'own approval': 422,
      missing: 404,
      merged: [true, true],
      open: [],
      words: Array.from({ length: 35 }, (_, index) => `word ${index}`),
      closed: 'closed',
      writers: ['alice', 'mallory', 'olivia', 'oscar', 'root'],
      limit: 5000,
    })
    // It sends labels in the way of before, which GitHub takes and describes no more.
    expect(bench.violations.filter((violation) => !violation.includes('request body'))).toEqual([])
  })
})
