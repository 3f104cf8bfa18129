import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readState, StateUnreadable, writeState } from '../../../src/sandbox/keep/state-file.ts'

let directory: string
let file: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-state-'))
  file = join(directory, 'state.json')
  await writeState(file, '{"lastId":41}')
})
afterAll(() => rm(directory, { recursive: true }))

describe('the file of a state', () => {
  test('is read as it was written, by its owner alone', async () => {
    expect(await readState(file)).toEqual({ lastId: 41 })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('may be missing', async () => {
    expect(await readState(join(directory, 'none.json'))).toBeUndefined()
  })

  test('stays as it was where it can not be written anew', async () => {
    await mkdir(`${file}.part`)

    await expect(writeState(file, '{"lastId":42}')).rejects.toThrow('EISDIR')

    await rm(`${file}.part`, { recursive: true })
    expect(await readState(file)).toEqual({ lastId: 41 })
  })

  const spoiled: [string, (text: string) => string, string][] = [
    ['cut off', (text) => text.slice(0, -20), 'is broken: it is not the JSON of a state'],
    ['empty', () => '', 'is broken'],
    ['something else', () => '{"hello":"world"}', 'is broken'],
    ['changed by hand', (text) => text.replace('41', '42'), 'its checksum does not hold'],
    [
      'of a later version',
      (text) => text.replace('"version":1', '"version":2'),
      'has version 2 of the state, and this sandbox knows version 1 only',
    ],
  ]
  test.each(spoiled)(
    'is refused when it is %s, with what to do, and left alone',
    async (_, spoil, problem) => {
      const copy = join(directory, 'spoiled.json')
      const text = spoil(await readFile(file, 'utf8'))
      await writeFile(copy, text)

      const reading = readState(copy)

      await expect(reading).rejects.toThrow(StateUnreadable)
      await expect(reading).rejects.toThrow(problem)
      await expect(reading).rejects.toThrow(`${copy} `)
      await expect(reading).rejects.toThrow('Take another folder')
      expect(await readFile(copy, 'utf8')).toBe(text)
      await rm(copy)
    },
  )
})
