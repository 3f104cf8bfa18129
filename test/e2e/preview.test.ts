import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import type { Files } from '../support/branches.ts'
import { type Check, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.protected
})

afterAll(() => world.close())

/** Opens a pull request with these files and waits until the app has looked at it. */
async function checked(login: string, branch: string, files: Files): Promise<Check> {
  const pull = await world.propose(login, repository, { branch, files })
  await world.settled()
  return checkOf(pull)
}

async function checkOf(pull: OpenedRequest): Promise<Check> {
  const check = await world.requestCheck(pull)
  if (check?.status !== 'completed') throw new Error(`no check on #${pull.pull}: ${check?.status}`)
  return check
}

/** `line:column code`, of each annotation of a check. */
async function annotations(check: Check): Promise<string[]> {
  const { data } = await world
    .github('root')
    .checks.listAnnotations({ ...named(repository), check_run_id: check.id })
  return data.map(({ path, start_line, start_column, title }) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return `${name}:${start_line}:${start_column} ${title}`
  })
}

test('a bucket that the rules name and the boundary does not hold is warned of before the merge', async () => {
  const rules = (await world.fileOnMain(repository, RULES)) ?? ''
  const lent = '  - { account: prod, bucket: not-lent-yet, max_duration: 1h }\n\npeople:'
  await world.land(repository, { branch: 'lend', files: { [RULES]: rules.replace('\npeople:', lent) } })
  const path = 'access-requests/prod/not-lent-yet/early.yaml'
  const pull = await world.openRequest('alice', repository, path, requestYaml({ duration: '1h' }))
  await world.settled()

  for (const told of [await world.comment(pull), (await checkOf(pull)).output.summary])
    expect(told).toContain('**AWS will deny this, or a part of it, whoever approves:**')
})

test('a pull request without a request gets a neutral check, so that a required check does not hold it up', async () => {
  const check = await checked('alice', 'docs', { 'README.md': '# Access\n' })

  expect(check).toMatchObject({ conclusion: 'neutral', app: { slug: 'daypass' } })
})

describe('a request that can be granted', () => {
  let check: Check

  beforeAll(async () => {
    check = await checked('alice', 'fine', { [`${FOLDER}/fine.yaml`]: requestYaml({ duration: '4h' }) })
  })

  test('succeeds, with a title to decide by', () => {
    expect(check).toMatchObject({
      conclusion: 'success',
      output: { title: 'alice asks to read customer-exports for 4 h', annotations_count: 0 },
    })
  })

  test('is shown with who, what, why, and who may approve and merge it', () => {
    for (const shown of [
      '**alice** asks to read `exports/2026/11/` in **customer-exports** (prod, 111122223333) for 4 h',
      'Find the corrupt rows behind INC-4211',
      'arn:aws:iam::111122223333:user/alice',
      '**olivia** or **oscar** may approve it',
      '**olivia** or **oscar** may merge it',
    ]) {
      expect(check.output.summary).toContain(shown)
    }
  })

  test('has no warning', () => {
    expect(check.output.summary).not.toContain('⚠️')
  })

  test('is shown with the very policies that AWS would be told, and their window in UTC', () => {
    const policies = [...(check.output.summary ?? '').matchAll(/^```json\n(.*?)^```$/gms)].map(
      ([, json = '']) => JSON.parse(json) as unknown,
    )

    expect(policies).toMatchObject([
      {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Principal: { AWS: 'arn:aws:iam::111122223333:user/alice' },
            Condition: {
              DateGreaterThanEquals: { 'aws:CurrentTime': expect.stringMatching(/Z$/) },
              DateLessThan: { 'aws:CurrentTime': expect.stringMatching(/Z$/) },
            },
          },
          { Effect: 'Deny' },
          { Effect: 'Deny' },
        ],
      },
      {
        Statement: expect.arrayContaining([
          expect.objectContaining({
            Action: 's3:GetObject',
            Resource: ['arn:aws:s3:::customer-exports/exports/2026/11/*'],
          }),
        ]),
      },
    ])
  })

  test('names the start where one is asked for, in UTC', async () => {
    const start = new Date((await world.now()) + 24 * 3_600_000).toISOString().slice(0, 10)
    const yaml = requestYaml({ start: `${start}T10:00:00+01:00`, duration: '2h' })
    const { output } = await checked('alice', 'later', { [`${FOLDER}/later.yaml`]: yaml })

    expect(output.summary).toContain(`from ${start} 09:00 UTC until ${start} 11:00 UTC`)
  })
})

describe('a request that can not be granted', () => {
  test('has every problem on its own line and column, all at once', async () => {
    const yaml = [
      'requester: alice',
      'reasn: typo',
      'reason: Find the corrupt rows',
      'prefixes: [exports/*, exports/2026/]',
      'duration: four hours',
      '',
    ].join('\n')
    const check = await checked('alice', 'wrong', { [`${FOLDER}/wrong.yaml`]: yaml })

    expect(check.conclusion).toBe('failure')
    expect(await annotations(check)).toEqual([
      'wrong.yaml:2:1 unknown-field',
      'wrong.yaml:4:12 prefix-wildcard',
      'wrong.yaml:5:11 duration',
    ])
  })

  test('breaks several rules at once, and each is shown', async () => {
    const yaml = requestYaml({ prefixes: [], duration: '48h' })
    const check = await checked('alice', 'too-much', { [`${FOLDER}/too-much.yaml`]: yaml })

    expect(await annotations(check)).toEqual([
      'too-much.yaml:1:1 prefixes-needed',
      'too-much.yaml:3:11 window-too-long',
    ])
  })

  test.each([
    ['broken YAML', 'requester: [alice\n', 'broken.yaml:2:1 not-yaml'],
    ['a duplicate key', `${requestYaml({})}duration: 12h\n`, 'broken.yaml:5:1 duplicate-key'],
    ['somebody else as requester', requestYaml({ requester: 'bob' }), 'broken.yaml:1:1 requester-not-author'],
    [
      'the whole of a bucket that wants prefixes',
      requestYaml({ prefixes: [] }),
      'broken.yaml:1:1 prefixes-needed',
    ],
  ])('says so of %s', async (name, yaml, expected) => {
    const branch = `broken-${name.replaceAll(' ', '-')}`
    const check = await checked('alice', branch, { [`${FOLDER}/broken.yaml`]: yaml })

    expect(check.conclusion).toBe('failure')
    expect(await annotations(check)).toEqual([expected])
  })

  test('says so of an account and a bucket that are not lent', async () => {
    const account = await checked('alice', 'no-account', {
      'access-requests/staging/customer-exports/a.yaml': requestYaml({}),
    })
    const bucket = await checked('alice', 'no-bucket', {
      'access-requests/prod/other-bucket/a.yaml': requestYaml({}),
    })

    expect(await annotations(account)).toEqual([
      'a.yaml:1:1 account-unknown',
      'a.yaml:1:1 bucket-not-lendable',
    ])
    expect(await annotations(bucket)).toEqual(['a.yaml:1:1 bucket-not-lendable'])
  })

  test.each<[string, Files]>([
    [
      'a second request',
      { [`${FOLDER}/one.yaml`]: requestYaml({}), [`${FOLDER}/two.yaml`]: requestYaml({}) },
    ],
    ['another file', { [`${FOLDER}/one.yaml`]: requestYaml({}), 'README.md': '# Changed\n' }],
  ])('says so of %s in the same pull request', async (name, files) => {
    const check = await checked('alice', `two-${name.replaceAll(' ', '-')}`, files)

    expect(check.conclusion).toBe('failure')
    expect(check.output.summary).toContain('other-changes')
  })
})

describe('a request that is on the branch already', () => {
  const path = `${FOLDER}/standing.yaml`

  beforeAll(async () => {
    await world.grant({ login: 'alice' }, repository, path, requestYaml({ duration: '1h' }))
  })

  test('can be extended, which is shown as that', async () => {
    const check = await checked('alice', 'longer', { [path]: requestYaml({ duration: '12h' }) })

    expect(check).toMatchObject({
      conclusion: 'success',
      output: { title: expect.stringMatching(/^alice asks to read customer-exports for longer, until /) },
    })
    expect(check.output.summary).toContain('for 11 h longer')
  })

  test('can not be changed in anything but its length', async () => {
    const check = await checked('alice', 'wider', { [path]: requestYaml({ prefixes: ['internal/'] }) })

    expect(check.conclusion).toBe('failure')
    expect(check.output.summary).toContain('extension-changes-more')
  })

  test('can be taken out, which is said to end access', async () => {
    const check = await checked('alice', 'give-back', { [path]: null })

    expect(check).toMatchObject({
      conclusion: 'success',
      output: { title: 'This ends access', summary: expect.stringContaining(path) },
    })
  })

  test('can not be renamed', async () => {
    const check = await checked('alice', 'renamed', {
      [`${FOLDER}/renamed.yaml`]: requestYaml({ duration: '1h' }),
      [path]: null,
    })

    expect(check.conclusion).toBe('failure')
    expect(check.output.summary).toContain('not-added')
  })
})

describe('what people write', () => {
  test('can not act in the check: no Markdown, no HTML, no mention, no text that runs backwards', async () => {
    const reason = '"**✅ Approved** by @olivia </details><h1>x</h1> [see](https://evil.example) `x`"'
    const { output } = await checked('alice', 'hostile', {
      [`${FOLDER}/hostile.yaml`]: requestYaml({ reason }),
    })
    const why = output.summary?.split('\n').find((line) => line.startsWith('**Why:**')) ?? ''

    expect(why).toContain('Approved')
    expect(why.slice('**Why:**'.length)).not.toMatch(/(?<!\\)\*\*|<|@olivia|(?<!\\)\]\(|https:\/\/|(?<!\\)`/)
  })

  test('is refused where it hides characters', async () => {
    const reason = `for \u202Egnp.exe`
    const check = await checked('alice', 'hidden', { [`${FOLDER}/hidden.yaml`]: requestYaml({ reason }) })

    expect(check.conclusion).toBe('failure')
    expect(await annotations(check)).toEqual(['hidden.yaml:2:13 hidden-character'])
    expect(check.output.summary).not.toContain('\u202E')
  })
})

describe('the rules and CODEOWNERS', () => {
  test('are checked in the pull request that changes them', async () => {
    const rules = (await world.fileOnMain(repository, RULES)) ?? ''
    const fine = await checked('oscar', 'rules-fine', { [RULES]: rules.replace('12h', '8h') })
    const broken = await checked('oscar', 'rules-broken', { [RULES]: rules.replace('max_duration', 'max') })
    const owners = await checked('oscar', 'owners-broken', { '.github/CODEOWNERS': '* olivia!\n' })

    expect(fine).toMatchObject({ conclusion: 'success', output: { title: 'No problems in the rules' } })
    expect(broken.conclusion).toBe('failure')
    expect(await annotations(broken)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^daypass\.yml:\d+:\d+ unknown-field$/)]),
    )
    expect(owners.conclusion).toBe('failure')
    expect(await annotations(owners)).toEqual(['CODEOWNERS:1:3 codeowners-owner'])
  })

  test('apply only once merged: a request is checked by the rules of the base branch', async () => {
    const rules = (await world.fileOnMain(repository, RULES)) ?? ''
    const check = await checked('alice', 'own-rules', {
      [`${FOLDER}/own-rules.yaml`]: requestYaml({ duration: '48h' }),
      [RULES]: rules.replaceAll('12h', '72h'),
    })

    expect(await annotations(check)).toContain('own-rules.yaml:4:11 window-too-long')
  })
})
