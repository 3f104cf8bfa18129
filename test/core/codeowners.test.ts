import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  CODEOWNERS_BYTES,
  CODEOWNERS_LINES,
  ownerKind,
  ownersOf,
  parseCodeowners,
} from '../../src/core/codeowners.ts'
import { codeownersProblems } from '../../src/core/codeowners-problems.ts'
import { GITHUB_ONLY, LIKE_GITIGNORE, RULES } from './codeowners-cases.ts'

const owns = (pattern: string, path: string) =>
  ownersOf(parseCodeowners(`${pattern} @owner`), path)?.owners.includes('@owner') ?? false

describe('which paths a pattern owns', () => {
  for (const [pattern, path, owned, rule] of [...GITHUB_ONLY, ...LIKE_GITIGNORE]) {
    it(`${pattern} ${owned ? 'owns' : 'does not own'} ${path} (${RULES[rule]})`, () => {
      expect(owns(pattern, path)).toBe(owned)
    })
  }

  it('has a case for each documented rule, and at least 150 in all', () => {
    const cases = [...GITHUB_ONLY, ...LIKE_GITIGNORE]
    expect(cases.length).toBeGreaterThanOrEqual(150)
    expect(new Set(cases.map(([pattern, path]) => `${pattern}\n${path}`)).size).toBe(cases.length)
    expect(new Set(cases.map(([, , , rule]) => rule))).toEqual(new Set(Object.keys(RULES)))
  })
})

describe('git as a witness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'codeowners-'))
  const excludes = join(folder, 'excludes')
  execFileSync('git', ['init', '--quiet', folder])
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What git's own matcher says of each path. */
  const ignoredByGit = (pattern: string, paths: readonly string[]) => {
    writeFileSync(excludes, `${pattern}\n`)
    const settings = ['-c', `core.excludesFile=${excludes}`, '-c', 'core.ignoreCase=false']
    const git = spawnSync('git', [...settings, 'check-ignore', '--no-index', '-z', '--stdin'], {
      cwd: folder,
      input: paths.join('\0'),
      encoding: 'utf8',
    })
    return new Set(git.stdout.split('\0').filter((path) => path !== ''))
  }

  it('agrees wherever GitHub documents no exception', () => {
    const patterns = [...new Set(LIKE_GITIGNORE.map(([pattern]) => pattern))]
    const disagreed = patterns.flatMap((pattern) => {
      const cases = LIKE_GITIGNORE.filter(([other]) => other === pattern)
      const paths = cases.map(([, path]) => path)
      const ignored = ignoredByGit(pattern, paths)
      return cases.filter(([, path, owned]) => ignored.has(path) !== owned)
    })
    expect(disagreed).toEqual([])
  })
})

describe('which line decides', () => {
  it('lets the last line that matches win', () => {
    const codeowners = parseCodeowners('* @everyone\n/docs/ @writers @acme/docs\n')
    expect(ownersOf(codeowners, 'docs/a.md')).toEqual({
      line: 2,
      pattern: '/docs/',
      owners: ['@writers', '@acme/docs'],
    })
    expect(ownersOf(codeowners, 'src/a.ts')?.owners).toEqual(['@everyone'])
  })

  it('looks past a later line for the same folder that does not match', () => {
    const rules = parseCodeowners('/a/*.js @scripts\n/a/*.md @texts\n')
    expect(ownersOf(rules, 'a/x.js')?.owners).toEqual(['@scripts'])
    expect(ownersOf(rules, 'a/x.md')?.owners).toEqual(['@texts'])
  })

  it('does not add up the owners of several lines', () => {
    const codeowners = parseCodeowners('*.js @js\n* @last\n')
    expect(ownersOf(codeowners, 'a.js')?.owners).toEqual(['@last'])
  })

  it("makes a path nobody's where the last line that matches names no owner", () => {
    const codeowners = parseCodeowners('/apps/ @octocat\n/apps/github\n')
    expect(ownersOf(codeowners, 'apps/github/a')).toEqual({ line: 2, pattern: '/apps/github', owners: [] })
    expect(ownersOf(codeowners, 'apps/other/a')?.owners).toEqual(['@octocat'])
  })

  it('lets a line give back an owner after one that took all away', () => {
    const codeowners = parseCodeowners('/apps/ @a\n/apps/github\n/apps/github/pages @b\n')
    expect(ownersOf(codeowners, 'apps/github/pages/x')?.owners).toEqual(['@b'])
  })

  it('answers nothing where no line matches', () => {
    expect(ownersOf(parseCodeowners('/docs/ @a\n'), 'src/a')).toBeUndefined()
    expect(ownersOf(parseCodeowners(''), 'src/a')).toBeUndefined()
  })
})

describe('how a line is read', () => {
  const only = (source: string) =>
    parseCodeowners(source).rules.map(({ pattern, owners }) => [pattern, ...owners])

  it('takes users, teams and e-mail addresses, between blanks and tabs', () => {
    expect(only('*\t@user  @acme/data-owners docs@example.com \t')).toEqual([
      ['*', '@user', '@acme/data-owners', 'docs@example.com'],
    ])
  })

  it('leaves out comments, empty lines and blanks before the pattern', () => {
    expect(only('# one\n\n   \n  # two\n  *.js @a\n')).toEqual([['*.js', '@a']])
  })

  it('ends a line at a comment that begins a word', () => {
    expect(only('*.js @a #This is an inline comment. @b\n/apps/ # nobody\n')).toEqual([
      ['*.js', '@a'],
      ['/apps/'],
    ])
  })

  it('takes a number sign inside a word as part of it', () => {
    expect(owns('a#b', 'a#b')).toBe(true)
  })

  it('keeps what follows a backslash in the word, also what other programs take for the end of a line', () => {
    for (const odd of ['\r', '\u2028', '\u2029'])
      expect(only(`/a\\${odd}b @a`)).toEqual([[`/a\\${odd}b`, '@a']])
  })

  it('counts lines from 1, whatever ends them', () => {
    const { rules } = parseCodeowners('* @a\r\n\r\n/b @b\r\n')
    expect(rules.map(({ line, owners }) => [line, ...owners])).toEqual([
      [1, '@a'],
      [3, '@b'],
    ])
  })

  it('reads past a byte order mark', () => {
    expect(only('\uFEFF* @a')).toEqual([['*', '@a']])
    expect(only('/a\uFEFFb @a'), 'and takes one elsewhere for what it is').toEqual([['/a\uFEFFb', '@a']])
  })

  it('tells users, teams and addresses apart', () => {
    expect(ownerKind('@alice')).toBe('user')
    expect(ownerKind('@alice_acme')).toBe('user')
    expect(ownerKind('@acme/data-owners')).toBe('team')
    expect(ownerKind('docs@example.com')).toBe('email')
    for (const text of [
      'alice',
      '@',
      '@acme/',
      '@/team',
      '@a/b/c',
      '@coh.org',
      'a@',
      '@al\u00EFce',
      '@alice#x',
      'x@acme/team',
    ])
      expect(ownerKind(text)).toBeUndefined()
  })

  it('takes two logins without a blank for an unknown address, as GitHub does, so that neither is an owner', () => {
    expect(ownerKind('@alice@bob')).toBe('email')
  })
})

describe('lines that GitHub skips', () => {
  const skipped = (line: string) => parseCodeowners(`* @default\n${line}\n`)

  for (const pattern of ['a\0c', '!docs/', '/docs/[ab].md', 'a[', 'a]', '/', 'a***b', '\\#a', 'a\\'])
    it(`skips the pattern ${pattern} and says so`, () => {
      const { rules, errors } = skipped(`${pattern} @a`.replace('\\ @a', '\\'))
      expect(rules.map(({ line }) => line)).toEqual([1])
      expect(errors).toMatchObject([{ line: 2, column: 1, kind: 'Invalid pattern' }])
    })

  it('skips the whole line for one owner that can not be one, so that the line before decides', () => {
    const codeowners = skipped('/docs/ @a nobody @b')
    expect(codeowners.errors).toMatchObject([{ line: 2, column: 11, kind: 'Invalid owner' }])
    expect(ownersOf(codeowners, 'docs/a')?.owners).toEqual(['@default'])
  })

  it('words an error as GitHub does', () => {
    expect(parseCodeowners('\n\n\n\n\n\n* user').errors).toEqual([
      {
        line: 7,
        column: 3,
        kind: 'Invalid owner',
        message: 'Invalid owner on line 7:\n\n  * user\n    ^',
        word: 'user',
      },
    ])
  })

  it('ignores a file of 3 MB whole, and reads one that is a byte smaller', () => {
    const line = '* @a\n'
    const filled = (bytes: number) => line + '#'.repeat(bytes - line.length)
    expect(parseCodeowners(filled(CODEOWNERS_BYTES))).toMatchObject({
      rules: [],
      errors: [{ kind: 'File too large' }],
    })
    expect(parseCodeowners(filled(CODEOWNERS_BYTES - 1)).rules).toHaveLength(1)
  })

  it('ignores a file of more lines than anybody writes whole, comments aside, and reads one that has a line less', () => {
    const filled = (lines: number) => `# one\n${'a @a\n* no\n'.repeat(lines / 2)}`
    expect(parseCodeowners(filled(CODEOWNERS_LINES)).rules).toHaveLength(CODEOWNERS_LINES / 2)
    expect(parseCodeowners(`${filled(CODEOWNERS_LINES)}b @b`)).toMatchObject({
      rules: [],
      errors: [{ kind: 'File too large', line: 1 }],
    })
  })

  it('keeps few of very many, says how many there are, and reads what stands between them all the same', () => {
    const codeowners = parseCodeowners(`* @default\n${'!a\n'.repeat(CODEOWNERS_LINES - 2)}/docs/ @a\n`)
    const problems = codeownersProblems('CODEOWNERS', codeowners)
    expect(codeowners.errors.length).toBeLessThanOrEqual(50)
    expect(problems).toHaveLength(50)
    expect(problems.at(-2)).toMatchObject({ line: 50, code: 'codeowners-pattern' })
    expect(problems.at(-1)).toMatchObject({
      line: 50,
      code: 'more-problems',
      message: 'The file has 99949 more problems.',
    })
    expect(ownersOf(codeowners, 'docs/a')).toMatchObject({ line: CODEOWNERS_LINES, owners: ['@a'] })
  })

  it('tells each of as many as are told', () => {
    const problems = codeownersProblems('CODEOWNERS', parseCodeowners('!a\n'.repeat(50)))
    expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index + 1} codeowners-pattern`),
    )
  })

  it('counts bytes, not characters', () => {
    expect(parseCodeowners(`* @a\n# ${'é'.repeat(CODEOWNERS_BYTES / 2)}`).rules).toEqual([])
  })
})

describe('time', () => {
  /** Of this process: what else the machine does is not counted. */
  const millisecondsSince = (start: NodeJS.CpuUsage) => process.cpuUsage(start).user / 1000

  const paths = Array.from(
    { length: 10_000 },
    (_, i) => `access-requests/prod/bucket-${i % 100}/person-${i}.yaml`,
  )
  const SHAPES: Readonly<Record<string, readonly ((i: number) => string)[]>> = {
    'of every shape': [
      (i) => `/area-${i}/`,
      (i) => `area-${i}/**/x-*.yaml`,
      (i) => `*.kind${i}`,
      (i) => `**/part-${i}/*`,
      (i) => `dir-${i}/`,
      (i) => `/a/*/c-${i}?/*`,
    ],
    'for one bucket each': [(i) => `/access-requests/prod/bucket-${i + 100}/`],
  }
  for (const [name, shapes] of Object.entries(SHAPES))
    it(`asks 10,000 paths of 1,000 rules ${name} in under two seconds`, () => {
      const lines = Array.from({ length: 1000 }, (_, i) => `${shapes[i % shapes.length]?.(i)} @owner-${i}`)
      const codeowners = parseCodeowners(lines.join('\n'))
      const start = process.cpuUsage()
      const owned = paths.filter((path) => ownersOf(codeowners, path) !== undefined)
      expect(millisecondsSince(start)).toBeLessThan(2000)
      expect(owned).toEqual([])
    })

  it('is not slowed down by patterns made to be slow', () => {
    const stars = parseCodeowners(
      `${'a*'.repeat(5000)}b @a\n${'**/a/'.repeat(2000)}b @a\n${'?*'.repeat(3000)} @a`,
    )
    const start = process.cpuUsage()
    expect(ownersOf(stars, 'a'.repeat(2999))).toBeUndefined()
    expect(ownersOf(stars, `${'a/'.repeat(1990)}c`)).toBeUndefined()
    expect(millisecondsSince(start)).toBeLessThan(500)
  })

  it('reads a line of nearly 3 MB made to be slow', () => {
    const start = process.cpuUsage()
    parseCodeowners(`* ${'@'.repeat(1_000_000)}/ ${'\\'.repeat(1_000_001)}`)
    expect(millisecondsSince(start)).toBeLessThan(2000)
  })
})
