import { expect, test } from 'vitest'
import { createNarrator, expected, found, notYet, TourFailed } from '../../src/sandbox/tour-narrator.ts'

function narrate(colour: boolean) {
  const lines: string[] = []
  return { lines, narrator: createNarrator((line) => lines.push(line), colour) }
}

test('tells chapters, facts, words of others and what it waits for, in plain text', async () => {
  const { lines, narrator } = narrate(false)

  narrator.chapter('Before')
  narrator.shown('alice is denied')
  narrator.quote('requester: alice\nduration: 20s\n')
  const looks = [notYet('no comment'), found('there')]
  const comment = await narrator.until('the comment', async () => looks.shift() ?? notYet('no more looks'))

  expect(comment).toBe('there')
  expect(lines).toEqual([
    '\nBefore',
    '  ✓ alice is denied',
    '      requester: alice',
    '      duration: 20s',
    '  … waiting for the comment',
  ])
})

test('uses colour only where it is told to', () => {
  const { lines, narrator } = narrate(true)

  narrator.shown('alice is denied')

  expect(lines).toEqual(['  \u001b[32m✓\u001b[0m alice is denied'])
})

test('ends with what was expected and what was seen instead', () => {
  const check = () => expected(false, 'the check succeeds', { conclusion: 'failure' })

  expect(check).toThrow(TourFailed)
  expect(check).toThrow('expected: the check succeeds; seen: {"conclusion":"failure"}')
})
