import { readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hiddenCharacters } from '../../src/core/text.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { CLI, makeRepository, type Repository, runCli, runProcess } from './run-cli.ts'

const RULES = `buckets:
  - account: prod
    bucket: customer-exports
    max_duration: 12h
  - account: prod
    bucket: billing-archive
    max_duration: 4h
    whole_bucket: allowed
    kms_key: arn:aws:kms:eu-central-1:111122223333:key/0f2d3a64-5c1b-4e8f-9a70-6b1c2d3e4f50
people:
  alice: { iam_user: alice }
  bob: { iam_user: bob, account: elsewhere }
`
const GOOD = `requester: alice
reason: Find the corrupt rows behind INC-4211
prefixes: [exports/2026/11/]
duration: 4h
`
const BAD = GOOD.replace('4h', '24h').replace('alice', 'mallory')
const AT = ['--at', '2026-11-24T09:00:00Z']
const PATH = 'access-requests/prod/customer-exports/alice.yaml'

let repository: Repository
let base: string

interface Answer {
  readonly ok: boolean
  readonly files: readonly {
    readonly path: string
    readonly problems: readonly { readonly code: string }[]
  }[]
  readonly remarks: readonly string[]
}

beforeAll(async () => {
  repository = await makeRepository({
    '.github/daypass.yml': RULES,
    '.github/CODEOWNERS': '* @acme/owners\n',
  })
  base = repository.commit('Begin')
  repository.git('update-ref', 'refs/remotes/origin/main', base)
})
beforeEach(() => {
  repository.git('reset', '--quiet', '--hard', base)
  repository.git('clean', '--quiet', '-fdx')
})
afterAll(() => repository.remove())

const validate = (...args: string[]) => runCli(['validate', ...AT, ...args], { cwd: repository.root })
const codes = ({ files }: Answer) => files.flatMap(({ problems }) => problems.map(({ code }) => code))

describe('daypass validate', () => {
  test('says of a fine request that it is fine, and what it did not look at', async () => {
    await repository.write(PATH, GOOD)
    const { code, stdout, stderr } = await validate(PATH)

    expect(code).toBe(0)
    expectGolden('cli-validate-fine', `${stdout}\n${stderr}`)
  })

  test('names every mistake with its line and column, what is wrong and how to mend it, and exits with 1', async () => {
    await repository.write(PATH, BAD)
    const { code, stdout } = await validate(PATH)

    expect(code).toBe(1)
    expectGolden('cli-validate-problems', stdout)
  })

  test('finds the files that differ from the base by itself, staged or not, and leaves what was there before alone', async () => {
    await repository.write('access-requests/prod/customer-exports/old.yaml', BAD)
    repository.git('update-ref', 'refs/remotes/origin/main', repository.commit('Old'))
    await repository.write(PATH, GOOD)
    await repository.write('access-requests/prod/billing-archive/new.yaml', BAD)
    repository.git('add', 'access-requests/prod/billing-archive')
    const { code, json } = await validate('--json')
    repository.git('update-ref', 'refs/remotes/origin/main', base)

    expect(code).toBe(1)
    expect(json<Answer>().files.map(({ path }) => path)).toEqual([
      'access-requests/prod/billing-archive/new.yaml',
      PATH,
    ])
    expect(json<Answer>().remarks.join(' ')).toContain('one request only')
  })

  test('goes by the branch of the remote, whatever tag or branch somebody gave its name', async () => {
    await repository.write('.github/daypass.yml', 'paused: true\nbuckets: []\n')
    const theirs = repository.commit('Theirs')
    repository.git('reset', '--quiet', '--hard', base)
    await repository.write(PATH, GOOD)
    for (const kind of ['tags', 'heads']) {
      repository.git('update-ref', `refs/${kind}/origin/main`, theirs)
      const { code, json } = await validate('--json')
      repository.git('update-ref', '-d', `refs/${kind}/origin/main`)

      expect(code).toBe(0)
      expect(json<Answer & { base: string; rules: string }>()).toMatchObject({
        base,
        rules: '.github/daypass.yml of origin/main',
      })
    }
  })

  test('checks every file below a folder, however it is written', async () => {
    await repository.write(PATH, BAD)
    await repository.write('access-requests/prod/billing-archive/new.yaml', BAD)
    const folders = ['access-requests', 'access-requests/', '.']
    const ran = await Promise.all(folders.map((folder) => validate('--json', folder)))

    expect(ran.map(({ code }) => code)).toEqual([1, 1, 1])
    for (const { json } of ran.slice(0, 2))
      expect(json<Answer>().files.map(({ path }) => path)).toEqual([
        'access-requests/prod/billing-archive/new.yaml',
        PATH,
      ])
    expect(ran[2]?.json<Answer>().files).toHaveLength(4)
  })

  test('holds a request against the rules of the base, whatever the working tree says', async () => {
    await repository.write('.github/daypass.yml', RULES.replace('12h', '30d'))
    await repository.write(PATH, GOOD.replace('4h', '24h'))
    const { code, json } = await validate('--json')

    expect(code).toBe(1)
    expect(codes(json())).toEqual(['window-too-long'])
  })

  test('holds a change of a request that is there against what an extension may change', async () => {
    const OTHER = PATH.replace('alice', 'other')
    await repository.write(PATH, GOOD)
    await repository.write(OTHER, GOOD)
    const there = repository.commit('Granted', '2026-11-24T08:00:00Z')
    repository.git('update-ref', 'refs/remotes/origin/main', there)
    const said = async (text: string, ...args: string[]) => {
      await repository.write(PATH, text)
      return codes((await validate('--json', ...args)).json())
    }
    const found = [
      await said(GOOD.replace('4h', '6h')),
      await said(GOOD.replace('4h', '6h').replace('2026/11', '2026')),
      await said(GOOD.replace('4h', '2h')),
      await said(GOOD.replace('4h', '24h')),
      await said(GOOD.replace('4h', '6h'), '--at', '2026-11-24T13:00:00Z'),
      await said(GOOD, 'access-requests'),
    ]
    await repository.write(OTHER, GOOD.replace('4h', '6h'))
    repository.git('update-ref', 'refs/remotes/origin/main', repository.commit('Extended'))
    repository.git('reset', '--quiet', '--hard', there)
    const behind = codes((await validate('--json', OTHER)).json())
    repository.git('update-ref', 'refs/remotes/origin/main', base)

    expect(found).toEqual([
      [],
      ['extension-changes-more'],
      ['extension-not-longer'],
      ['window-too-long'],
      ['extension-too-late'],
      [],
    ])
    expect(behind).toEqual([])
  })

  test('sees a file as it is pushed: a link is no text, and no byte of it is lost', async () => {
    await repository.write('elsewhere.yaml', GOOD)
    await mkdir(join(repository.root, 'access-requests/prod/customer-exports'), { recursive: true })
    await symlink('../../../elsewhere.yaml', join(repository.root, PATH))
    const link = await validate('--json', PATH)
    await repository.write(PATH.replace('alice', 'bom'), `\ufeff\ufeff${GOOD}`)
    const marked = await validate('--json', PATH.replace('alice', 'bom'))

    expect(codes(link.json())).toEqual(['not-text'])
    expect(codes(marked.json())).toEqual(['hidden-character'])
    expect([link.code, marked.code]).toEqual([1, 1])
  })

  test.each(['access-request', 'Access-Requests', 'acces_requests'])(
    'does not pass over a request in %s',
    async (folder) => {
      const path = PATH.replace('access-requests', folder)
      await repository.write(path, GOOD)
      await repository.write(`${folder}/README.md`, 'For people.\n')
      for (const args of [[path], [folder], []]) {
        const { code, stdout } = await validate(...args)

        expect(code).toBe(1)
        expect(stdout).toContain(`${path}:1:1 path-shape`)
        expect(stdout).toContain(`Did you mean \`${PATH}\`?`)
      }
    },
  )

  test('checks changed rules and CODEOWNERS too', async () => {
    await repository.write('.github/daypass.yml', `${RULES}paused: perhaps\n`)
    await repository.write('.github/CODEOWNERS', '* @acme/owners\n!x @acme/owners\n')
    const { code, json } = await validate('--json')

    expect(code).toBe(1)
    expect(new Set(codes(json()))).toEqual(new Set(['codeowners-pattern', 'wrong-type']))
  })

  test('takes accounts for given that only the operator knows, and holds the request against the operator file where there is one', async () => {
    await repository.write(PATH, GOOD.replace('alice', 'bob'))
    await repository.write(
      'operator.yml',
      `repositories:
  - id: 1
    trusted_commit: ${'a'.repeat(40)}
    accounts: { prod: { id: "111122223333", region: eu-central-1 } }
`,
    )
    const without = await validate('--json', PATH)
    const withFile = await validate('--json', PATH, '--operator', 'operator.yml')

    expect(without.code).toBe(0)
    expect(without.json<Answer>().remarks.join(' ')).toContain('known to whoever runs Daypass only')
    expect(withFile.code).toBe(1)
    expect(codes(withFile.json())).toEqual(['person-account-unknown'])
    expect(withFile.json<Answer>().remarks.join(' ')).not.toContain('known to whoever runs Daypass only')
  })

  test('shows nothing hidden as it is, and lets no text steer the terminal', async () => {
    await repository.write(PATH, GOOD.replace('corrupt', 'cor\u202erupt\u0085'))
    await repository.write('access-requests/prod/customer-exports/\u001b[31mx.yaml', 'a: 1\n')
    const { code, stdout } = await validate()

    expect(code).toBe(1)
    expect(stdout).toContain('U+202E')
    expect(hiddenCharacters(stdout)).toEqual([])
  })

  test.each([
    ['a file that is not there', ['access-requests/prod/customer-exports/nobody.yaml'], 3],
    ['a file that is not there and would be no request', ['nope.yaml'], 3],
    ['a folder that is not there', ['nope/'], 3],
    ['a file outside the repository', ['../../etc/passwd'], 2],
    ['a base that is no commit', ['--base', 'nowhere'], 3],
    ['a base that looks like a flag', ['--base=--output=/tmp/x'], 3],
    ['a flag that does not exist', ['--verbos'], 2],
    ['a time that is none', ['--at', 'noon'], 2],
  ])('refuses %s, and says how to mend it', async (_, args, expected) => {
    const { code, stderr, stdout } = await validate(...args)

    expect(code).toBe(expected)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n').length).toBeGreaterThan(1)
  })

  test('tells the same as JSON, and nothing else beside it', async () => {
    const { code, json, stderr } = await validate(
      '--json',
      'access-requests/prod/customer-exports/nobody.yaml',
    )

    expect(code).toBe(3)
    expect(json()).toMatchObject({ error: { exitCode: 3, fix: 'Check its name.' } })
    expect(stderr).toBe('')
  })

  test('has nothing to say of a repository that is none, but how to go on', async () => {
    const { code, stderr } = await runCli(['validate'], { cwd: '/' })

    expect(code).toBe(2)
    expect(stderr).toContain('--base')
  })
})

describe('the examples of docs/cli.md', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  const block = (language: string, begins: string) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))]
      .map(([, text = '']) => text)
      .find((text) => text.startsWith(begins)) ?? ''

  /** `npx --no daypass` finds this build, as it would find an installed one. */
  async function withNpx(): Promise<Record<string, string>> {
    const shim = join(repository.root, '.git', 'npx')
    await writeFile(shim, `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${CLI}" "$@"\n`)
    await chmod(shim, 0o755)
    return { PATH: `${join(repository.root, '.git')}:${process.env.PATH}` }
  }

  test('git runs the hook before a commit, and a mistake stops it', async () => {
    const hook = join(repository.root, '.git', 'hooks', 'pre-commit')
    await writeFile(hook, block('sh', '#!/bin/sh'))
    await chmod(hook, 0o755)
    const commit = async () =>
      runProcess('git', ['commit', '-am', 'Ask'], { cwd: repository.root, env: await withNpx() })
    await repository.write(PATH, BAD)
    repository.git('add', PATH)
    const refused = await commit()
    await repository.write(PATH, GOOD)
    const taken = await commit()
    await writeFile(hook, '#!/bin/sh\n')

    expect(refused.code).toBe(1)
    expect(refused.stdout + refused.stderr).toContain(`${PATH}:1:12 person-unknown`)
    expect(taken.code).toBe(0)
    expect(repository.git('log', '-1', '--format=%s')).toBe('Ask')
  })

  test('the pre-commit configuration names the files that count, and runs the command on them', async () => {
    const config = load(block('yaml', 'repos:')) as {
      readonly repos: readonly [
        { readonly hooks: readonly [{ readonly entry: string; readonly files: string }] },
      ]
    }
    const [{ hooks }] = config.repos
    const files = new RegExp(hooks[0].files)
    await repository.write(PATH, BAD)
    const ran = await runProcess('sh', ['-c', `${hooks[0].entry} ${PATH}`], {
      cwd: repository.root,
      env: await withNpx(),
    })

    expect(
      [PATH, '.github/daypass.yml', '.github/CODEOWNERS', 'CODEOWNERS'].filter((path) => !files.test(path)),
    ).toEqual([])
    expect(files.test('src/index.ts')).toBe(false)
    expect(ran.code).toBe(1)
  })

  test('the workflow runs on a pull request, may only read, and fails on a mistake', async () => {
    const workflow = load(block('yaml', 'name:')) as {
      readonly on: object
      readonly permissions: object
      readonly jobs: {
        readonly validate: {
          readonly steps: readonly {
            readonly run?: string
            readonly env?: Readonly<Record<string, string>>
          }[]
        }
      }
    }
    const step = workflow.jobs.validate.steps.at(-1)
    const env = Object.fromEntries(
      Object.entries(step?.env ?? {}).map(([name, value]) => [
        name,
        value.replace(/\$\{\{ .+? \}\}/, 'main'),
      ]),
    )
    await repository.write(PATH, BAD)
    repository.commit('Ask')
    const ran = await runProcess('bash', ['-e', '-c', step?.run ?? ''], {
      cwd: repository.root,
      env: { ...env, ...(await withNpx()) },
    })

    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(step?.run).not.toContain('${{')
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain(PATH)
  })
})
