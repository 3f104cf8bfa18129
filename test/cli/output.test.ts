/** Text of an attacker on its way to a terminal: by notes, errors and JSON. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EXIT, Failure, withoutIam } from '../../src/cli/failure.ts'
import { asJson, createOutput, reportFailure } from '../../src/cli/output.ts'

/** Writes into the clipboard of whoever reads it, in its two spellings, and turns around what follows. */
const HOSTILE = 'a\u001b]52;c;Y3VybA==\u0007b\u009d52;c;Y3VybA==\u009cc\u202ed'
const SHOWN = 'a<U+001B>]52;c;Y3VybA==<U+0007>b<U+009D>52;c;Y3VybA==<U+009C>c<U+202E>d'

const written = { stdout: '', stderr: '' }
beforeEach(() => {
  for (const name of ['stdout', 'stderr'] as const) {
    written[name] = ''
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text
      return true
    })
  }
})
afterEach(() => vi.restoreAllMocks())

test.each([
  [{ $metadata: {} }, 'IAM was not asked: Denied'],
  [{ $metadata: { httpStatusCode: 403 } }, 'IAM did not tell: Denied'],
])('what AWS answered is told apart from what it was never asked: %j', (told, says) => {
  expect(withoutIam(Object.assign(new Error('Denied.'), told))).toBe(says)
})

describe('nothing steers the terminal', () => {
  test('of a note', () => {
    createOutput({ json: false }).note(`note: ${HOSTILE}`)
    expect(written).toEqual({ stdout: '', stderr: `note: ${SHOWN}\n` })
  })

  test('of an error and its fix, whose lines stay lines', () => {
    const failure = new Failure(`Two are open:\n  #1 ${HOSTILE}`, `Not ${HOSTILE}.`, { exitCode: EXIT.no })
    expect(reportFailure(failure, { json: false })).toBe(EXIT.no)
    expect(written.stderr).toBe(`daypass: Two are open:\n  #1 ${SHOWN}\n  Not ${SHOWN}.\n`)
  })

  test('of the trace of an error', () => {
    vi.stubEnv('DEBUG', '1')
    reportFailure(new Failure(HOSTILE, 'Mend it.', { cause: new Error(HOSTILE) }), { json: false })
    vi.unstubAllEnvs()
    expect(written.stderr).toContain(`caused by: Error: ${SHOWN}`)
    expect(written.stderr).not.toContain('\u001b')
  })

  test('of an answer or an error in JSON, which says the same', () => {
    createOutput({ json: true }).json({ path: HOSTILE })
    expect(JSON.parse(written.stdout)).toEqual({ path: HOSTILE })
    reportFailure(new Failure(HOSTILE, 'Mend it.'), { json: true })
    expect(written.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
    expect(asJson({ name: 'Zoë \u007f' })).toBe('{"name":"Zoë \\u007f"}')
  })
})
