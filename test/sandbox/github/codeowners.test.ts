import { describe, expect, test } from 'vitest'
import { ownersOf, parseCodeowners } from '../../../src/sandbox/github/codeowners.ts'

/** Pattern, path, whether it owns; from GitHub's page "About code owners". */
const CASES: readonly (readonly [string, string, boolean])[] = [
  ['*', 'anything/at/all.txt', true],
  ['*.js', 'app.js', true],
  ['*.js', 'deep/down/app.js', true],
  ['*.js', 'app.jsx', false],
  ['/build/logs/', 'build/logs/a/b.log', true],
  ['/build/logs/', 'x/build/logs/a.log', false],
  ['docs/*', 'docs/getting-started.md', true],
  ['docs/*', 'docs/build-app/troubleshooting.md', false],
  ['apps/', 'apps/a', true],
  ['apps/', 'deep/apps/a/b', true],
  ['apps/', 'apps', false],
  ['/docs/', 'docs/a/b', true],
  ['/docs/', 'other/docs/a', false],
  ['**/logs', 'build/logs/x', true],
  ['**/logs', 'deeply/nested/logs/x/y', true],
  ['/apps/github', 'apps/github', true],
  ['/apps/github', 'apps/github/inside', true],
  ['/apps/github', 'apps/github2', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**', 'a/x/y', true],
  ['README.md', 'README.MD', false],
  ['with\\ space.md', 'with space.md', true],
  ['file?.txt', 'file1.txt', true],
  ['file?.txt', 'file12.txt', false],
  ['a.b', 'axb', false],
]

describe('the sandbox’s CODEOWNERS', () => {
  test.each(CASES)('%s and %s: %s', (pattern, path, owned) => {
    const file = parseCodeowners('CODEOWNERS', `${pattern} @alice`)
    expect(ownersOf(file, path)).toEqual(owned ? ['@alice'] : [])
  })

  test('the last line that matches decides, with no owners too', () => {
    const file = parseCodeowners('CODEOWNERS', '* @a\n/apps/ @b # theirs\n/apps/free\n')
    expect(ownersOf(file, 'x')).toEqual(['@a'])
    expect(ownersOf(file, 'apps/x')).toEqual(['@b'])
    expect(ownersOf(file, 'apps/free/x')).toEqual([])
  })

  test('lines that make no sense are skipped and reported', () => {
    const file = parseCodeowners('CODEOWNERS', '# all\n* @a\n!x @b\nx[12] @b\n*.js nobody\n')
    expect(ownersOf(file, 'x1')).toEqual(['@a'])
    expect(file.errors.map(({ line, column, kind }) => `${line}:${column} ${kind}`)).toEqual([
      '3:1 Invalid pattern',
      '4:1 Invalid pattern',
      '5:6 Invalid owner',
    ])
  })
})
