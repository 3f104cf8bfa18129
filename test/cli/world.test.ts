import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectGolden } from '../golden/expect-golden.ts'
import { type Check, requestYaml, startWorld, type TestWorld } from '../support/world.ts'
import { startBetween } from './between.ts'
import { makeRepository, type Ran, type Repository, runAlone, runCli, runProcess } from './run-cli.ts'
import { hasTerminals, runAtTerminal, type Typed } from './terminal.ts'

/** Every command against the sandbox, in the order of a request's life; each test goes on where the one before ended. */
let world: TestWorld
let clone: Repository

const ASK = [
  ...['request', '--bucket', 'customer-exports', '--prefix', 'exports/2026/11/', '--duration', '4h'],
  ...['--reason', 'Find the corrupt rows behind INC-4211', '--ticket', 'INC-4211'],
]

beforeAll(async () => {
  world = await startWorld()
  clone = await makeRepository()
  clone.git('remote', 'add', 'origin', `${world.ready.github.url}/${world.repositories.unprotected}.git`)
  await writeFile(join(clone.root, 'mine.txt'), 'Not committed yet.\n')
})
afterAll(async () => {
  await clone?.remove()
  await world?.close()
})

function daypass(
  login: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  url = world.ready.github.url,
  run = runCli,
): Promise<Ran> {
  const token = world.ready.github.tokens[login] ?? ''
  return run([...args, '--github-url', url], { cwd: clone.root, env: { GITHUB_TOKEN: token, ...env } })
}

/** In a process of its own, as at least one of every command is. */
const daypassAlone = (login: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  daypass(login, args, env, world.ready.github.url, runAlone)

/** What people read, command by command, without what is different each time. */
const transcript: string[] = []

function note(command: string, { code, stdout, stderr }: Ran): void {
  const told = [stdout, stderr].filter((text) => text !== '').map((text) => text.trimEnd())
  transcript.push(`$ daypass ${command}`, ...told, `(exit ${code})`, '')
}

function withoutChance(text: string): string {
  return text
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://HOST')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?(?= UTC)/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/(\d+ (h|min|s) ?)+(?= ?left)/g, 'SOME TIME ')
    .replace(/issuecomment-\d+/g, 'issuecomment-ID')
    .replace(/[0-9a-f]{40}/g, 'SHA')
}

interface Sent {
  readonly sent: boolean
  readonly pull: number
  readonly path: string
  readonly text: string
  readonly owners: readonly string[]
  readonly problems: readonly { readonly code: string }[]
}

interface Status {
  readonly requests: readonly {
    readonly pull: number
    readonly state: string
    readonly isExtension?: true
    readonly says: string
    readonly until?: string
    readonly endedBecause?: string
    readonly author: string
  }[]
}

/** Who has just cloned the repository may have told git an address that GitHub ties to nobody. */
const UNKNOWN_TO_GITHUB = {
  GIT_AUTHOR_EMAIL: 'alice@home.example',
  GIT_COMMITTER_EMAIL: 'alice@home.example',
}

let pull: number

describe('a request from the terminal', () => {
  test('is shown with what it would open, and nothing is sent where the rules forbid it', async () => {
    const { code, json } = await daypass('alice', [...ASK, '--duration', '24h', '--json'])

    expect(code).toBe(1)
    expect(json<Sent>()).toMatchObject({ sent: false, problems: [{ code: 'window-too-long' }] })
  })

  test('names all flags that are missing at once, as nobody is there to ask', async () => {
    const ran = await daypass('alice', ['request', '--bucket', 'customer-exports'])
    const { code, stderr } = ran
    note('request --bucket customer-exports', ran)

    expect(code).toBe(2)
    expect(stderr).toContain('Missing: --prefix, --reason, --duration.')
  })

  test('takes several folders between commas, and none beside the whole bucket', async () => {
    const several = await daypass('alice', [
      ...ASK,
      '--prefix',
      'exports/2026/10/, exports/2026/09/',
      '--dry-run',
    ])
    const both = await daypass('alice', [...ASK, '--whole-bucket', '--dry-run'])

    expect(several.code).toBe(0)
    expect(several.stdout).toContain('prefixes: [exports/2026/11/, exports/2026/10/, exports/2026/09/]')
    expect(both).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('cannot be used with'),
    })
  })

  test('takes a bucket with its account, or as the AWS CLI writes it', async () => {
    const asked = (bucket: string, ...args: string[]) =>
      daypass('alice', [...ASK, '--bucket', bucket, ...args, '--dry-run'])
    const withAccount = await asked('prod/customer-exports')
    const address = await asked('s3://customer-exports/exports/2026/10/')
    const other = await asked('prod/customer-exports', '--account', 'staging')
    const who = await daypass('olivia', ['who', 's3://customer-exports/exports/'])
    const whoByAccount = await daypass('olivia', ['who', 'prod/customer-exports'])

    expect(withAccount).toMatchObject({ code: 0, stdout: expect.stringContaining('in customer-exports for') })
    expect(address.stdout).toContain('prefixes: [exports/2026/10/, exports/2026/11/]')
    const object = await asked('customer-exports', '--prefix', 'exports/2026/10')
    expect(object.stderr).toContain(
      'note: `exports/2026/10` is the key of one object. If it is a folder, end',
    )
    expect(address.stderr).not.toContain('If it is a folder')
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('is not in staging.') })
    expect([who, whoByAccount].map(({ stdout }) => stdout)).toEqual(
      Array(2).fill('Nobody can read customer-exports through Daypass now.\n'),
    )
    expect(who.stderr).toContain('note: That is for all of customer-exports')
  })

  test('is shown and not sent with --dry-run', async () => {
    const ran = await daypass('alice', [...ASK, '--dry-run'])
    const { code, stdout } = ran
    note('request … --dry-run', ran)

    expect(code).toBe(0)
    expect(stdout).toContain('alice could read exports/2026/11/ in customer-exports for 4 h')
    expect(stdout).toContain('May approve: @acme/data-owners')
    expect(stdout).toContain('"Resource": ["arn:aws:s3:::customer-exports/exports/2026/11/*"]')
    const { data } = await world.github('root').pulls.list({ owner: 'acme', repo: 'access-open' })
    expect(data).toEqual([])
  })

  test('becomes a pull request of whoever asks, and leaves the working tree alone', async () => {
    const { code, json } = await daypassAlone('alice', [...ASK, '--json'], UNKNOWN_TO_GITHUB)
    const sent = json<Sent>()
    pull = sent.pull
    await world.settled()

    expect(code).toBe(0)
    expect(sent).toMatchObject({
      sent: true,
      path: 'access-requests/prod/customer-exports/alice-inc-4211.yaml',
      owners: ['@acme/data-owners'],
    })
    const { data } = await world
      .github('root')
      .pulls.get({ owner: 'acme', repo: 'access-open', pull_number: pull })
    expect(data).toMatchObject({ user: { login: 'alice' }, changed_files: 1, commits: 1 })
    expect(await readFile(join(clone.root, 'mine.txt'), 'utf8')).toBe('Not committed yet.\n')
    expect(clone.git('status', '--porcelain')).toBe('?? mine.txt')
    expect(
      (await world.check(world.repositories.unprotected, data.head.sha, 'Daypass / request'))?.conclusion,
    ).toBe('success')
  })

  test('stands as waiting, for me and for everybody who looks at all', async () => {
    const mine = (await daypass('alice', ['status', '--json'])).json<Status>()
    const bobs = (await daypass('bob', ['status', '--json'])).json<Status>()
    const all = (await daypass('bob', ['status', '--all', '--json'])).json<Status>()

    expect(mine.requests).toMatchObject([{ pull, state: 'asked', author: 'alice' }])
    expect(mine.requests[0]?.says).not.toBe('Not checked yet')
    note('status', await daypassAlone('alice', ['status']))
    expect(bobs.requests).toEqual([])
    expect((await daypass('bob', ['status'])).stdout).toBe('bob has asked for nothing in the last 30 d.\n')
    expect(all.requests).toMatchObject([{ pull, state: 'asked' }])
  })

  test('is named to whoever is about to ask for the same again, and its file is not asked for twice', async () => {
    const again = await daypass('alice', [...ASK, '--dry-run'])
    const named = await daypass('alice', [...ASK, '--name', 'alice-inc-4211', '--dry-run'])
    const others = await daypass('bob', [...ASK, '--dry-run'])

    note('request … --dry-run', { ...again, stdout: '' })
    note('request … --name alice-inc-4211', named)
    expect(again.code).toBe(0)
    expect(again.stderr).toContain(`note: you have asked for customer-exports already, in #${pull}: `)
    expect(again.stdout).toContain('access-requests/prod/customer-exports/alice-inc-4211-2.yaml')
    expect(named.code).toBe(1)
    expect(named.stderr).toContain(`alice-inc-4211.yaml is asked for already: ${world.ready.github.url}`)
    expect(others.stderr).not.toContain('already')
  })

  test('can be read by nobody until it is granted', async () => {
    const who = await daypassAlone('olivia', ['who', 'customer-exports'])
    const { code, stdout } = who
    const profile = await daypass('alice', ['profile'])
    note('who customer-exports', who)
    note('profile', profile)

    expect(code).toBe(0)
    expect(stdout).toBe('Nobody can read customer-exports through Daypass now.\n')
    expect(profile.code).toBe(1)
    expect(profile.stderr).toContain('No request of alice is granted.')
  })

  test('is looked for in AWS where whoever asks is at home: by the environment, by the profile, or else anywhere', async () => {
    const regions: (string | undefined)[] = []
    const aws = createServer(({ headers }, response) => {
      regions.push(headers.authorization?.split('/')[2])
      response.writeHead(403).end()
    })
    aws.listen(0, '127.0.0.1')
    await once(aws, 'listening')
    const files = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
      AWS_CONFIG_FILE: join(clone.root, 'aws-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(clone.root, 'aws-keys'),
    }
    const keys = 'aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n'
    await writeFile(files.AWS_CONFIG_FILE, '[profile china]\nregion = cn-north-1\n[profile nowhere]\n')
    await writeFile(files.AWS_SHARED_CREDENTIALS_FILE, `[china]\n${keys}[nowhere]\n${keys}`)
    const settings: readonly Readonly<Record<string, string>>[] = [
      { AWS_PROFILE: 'china' },
      { AWS_PROFILE: 'china', AWS_REGION: 'cn-northwest-1' },
      { AWS_PROFILE: 'china', AWS_DEFAULT_REGION: 'us-gov-west-1' },
      { AWS_PROFILE: 'nowhere' },
    ]
    for (const each of settings) {
      const { stderr } = await daypass('olivia', ['who', 'customer-exports'], { ...files, ...each })
      expect(stderr).toContain('IAM did not tell: ')
    }
    aws.close()

    expect(regions).toEqual(['cn-north-1', 'cn-northwest-1', 'us-gov-west-1', 'us-east-1'])
  })
})

describe('a grant from the terminal', () => {
  let request: Awaited<ReturnType<TestWorld['propose']>>

  beforeAll(async () => {
    const { data } = await world
      .github('root')
      .pulls.get({ owner: 'acme', repo: 'access-open', pull_number: pull })
    request = {
      repository: world.repositories.unprotected,
      path: 'access-requests/prod/customer-exports/alice-inc-4211.yaml',
      branch: data.head.ref,
      pull,
      head: data.head.sha,
      url: data.html_url,
    }
    await world.approve('olivia', request)
    await world.merge('olivia', request)
    await world.settled()
  })

  test('is open, with the time that is left', async () => {
    const ran = await daypass('alice', ['status'])
    const { stdout } = ran
    note('status', ran)

    expect(stdout).toMatch(
      /^#1 {2}OPEN {2}prod\/customer-exports {2}(?:4 h|3 h 59 min(?: \d+ s)?) left, until \d{4}-/,
    )
  })

  test('has in IAM the very policies that `daypass policy` prints for it', async () => {
    const arn = (await world.roleOf(request)) ?? ''
    const role = await world.role(arn)
    const { data } = await world
      .github('root')
      .pulls.get({ owner: 'acme', repo: 'access-open', pull_number: pull })
    // Not by a call that blocks: the sandbox runs in this very process.
    const origin = `${world.ready.github.url}/${world.repositories.unprotected}.git`.replace(
      '://',
      `://root:${world.ready.github.tokens.root}@`,
    )
    await runProcess('git', ['fetch', '--quiet', origin, 'main'], { cwd: clone.root })
    clone.git('checkout', '--quiet', 'FETCH_HEAD')
    clone.git('update-ref', 'refs/remotes/origin/main', 'FETCH_HEAD')
    const account = `prod=${world.ready.aws.accounts.prod?.id},${world.ready.aws.region}`
    const { code, json } = await runAlone(
      [
        'policy',
        request.path,
        '--json',
        '--at',
        data.merged_at ?? '',
        '--pull',
        String(pull),
        '--repository-id',
        '1002',
        '--aws-account',
        account,
      ],
      { cwd: clone.root },
    )
    const printed = json<{
      trustPolicy: object
      permissionPolicy: object
      role: { arn: string }
      placeholders: string[]
    }>()

    expect(code).toBe(0)
    expect(printed.role.arn).toBe(arn)
    expect(printed.placeholders).toEqual([])
    expect(printed.trustPolicy).toEqual(role?.trust)
    expect([printed.permissionPolicy]).toEqual(Object.values(role?.policies ?? {}))
  })

  test('is written into the AWS configuration once, and nothing else in it changes', async () => {
    const config = join(clone.root, '.aws', 'config')
    const first = await daypassAlone('alice', ['profile', '--json'])
    const before = `# mine\n[default]\nregion = us-east-1\n\n${await readFile(config, 'utf8')}\n# about the next\n[profile other]\nregion = x\n`
    await writeFile(config, before.replace(/^duration_seconds.*$/m, 'duration_seconds = 1'))
    const second = await daypass('alice', ['profile', '--json'])
    const third = await daypass('alice', ['profile', 'alice-inc-4211', '--json'])

    note('profile --print', await daypass('alice', ['profile', '--print']))
    expect([first, second, third].map(({ code }) => code)).toEqual([0, 0, 0])
    expect([first, second, third].map((ran) => ran.json<{ changed: boolean }>().changed)).toEqual([
      true,
      true,
      false,
    ])
    expect(await readFile(config, 'utf8')).toBe(before)
    expect(before).toContain(
      `role_arn = ${await world.roleOf(request)}\nsource_profile = default\nregion = eu-central-1\n`,
    )
    expect((await stat(config)).mode & 0o777).toBe(0o600)
  })

  test('is written into the AWS configuration of nobody else, for whom it would open nothing', async () => {
    const others = await daypass('bob', ['profile', String(pull), '--file', join(clone.root, 'of-bob')])

    note('profile 1 (as bob)', others)
    expect(others.code).toBe(1)
    expect(others.stderr).toContain("is alice's: only they can use it")
    await expect(stat(join(clone.root, 'of-bob'))).rejects.toThrow('ENOENT')
  })

  test('takes nothing into the profile from a comment that somebody has edited', async () => {
    const octokit = world.github('root')
    const at = { owner: 'acme', repo: 'access-open' }
    const { data } = await octokit.issues.listComments({ ...at, issue_number: pull })
    const comment = data.find(({ user }) => user?.type === 'Bot')
    const edit = (body: string) => octokit.issues.updateComment({ ...at, comment_id: comment?.id ?? 0, body })
    const body = comment?.body ?? ''
    // It would put its comment right.
    await world.app('stop')
    await edit(body.replace('region = eu-central-1', 'region = x\ncredential_process = touch /tmp/owned'))
    const evilRegion = await daypass('alice', ['profile', '--print'])
    await edit(body.replace(/role_arn = \S+/, 'role_arn = arn:aws:iam::666666666666:role/evil'))
    const evilRole = await daypass('alice', ['profile', '--print'])
    await edit(body)
    await world.app('start')

    expect(evilRegion.code).toBe(2)
    expect(evilRegion.stdout).toBe('')
    expect(evilRole.code).toBe(2)
    expect(evilRole.stdout).toBe('')
  })

  describe('that others wrote checks of the same name for', () => {
    const FOREIGN = '666666666666'
    const forgedBy = (slug: string) => (run: Check) => {
      const app = { ...run.app, id: 15_368, slug } as Check['app']
      const forge = (text: string | null) => text?.replaceAll(/\d{12}(?=:role)/g, FOREIGN) ?? null
      const output = { ...run.output, title: 'Forged', summary: forge(run.output.summary) }
      // The older ones too: a workflow may be quicker than Daypass.
      return [1, -1].map((step) => ({ ...run, id: run.id + step, app, output }))
    }
    /** A command as somebody types it where GitHub says more of checks than the sandbox does. */
    async function amid(others: (run: Check) => readonly Check[], args: readonly string[]): Promise<Ran> {
      const between = await startBetween(world.ready.github.url, others)
      const ran = await daypass('alice', args, {}, between.url)
      await between.close()
      return ran
    }

    test('is the one that was recorded first, where Daypass recorded it twice', async () => {
      const double = (run: Check) => [
        { ...run, id: run.id + 1, external_id: 'double', output: { ...run.output, summary: '', text: null } },
      ]
      const ran = await amid(double, ['profile', '--print'])

      expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('It works until') })
      expect(ran.stdout).toContain(`role_arn = ${await world.roleOf(request)}\n`)
    })

    test('is not what a workflow says that it is', async () => {
      const config = join(clone.root, 'amid-a-workflow')
      const profile = await amid(forgedBy('github-actions'), [
        ...['profile', '--region', 'eu-central-1', '--file', config],
      ])
      const status = await amid(forgedBy('github-actions'), ['status'])

      expect(profile.code).toBe(0)
      expect(await readFile(config, 'utf8')).toContain(`role_arn = ${await world.roleOf(request)}\n`)
      expect(status.stdout).not.toContain('Forged')
    })

    test('is not believed to be anything where another app has written its record', async () => {
      const config = join(clone.root, 'amid-another-app')
      const commands = [
        ['profile', '--file', config],
        ['profile', String(pull), '--print'],
        ['status'],
        ['who', 'customer-exports'],
      ]
      const [profile, named, status, who] = await Promise.all(
        commands.map((args) => amid(forgedBy('stranger'), args)),
      )

      for (const ran of [profile, named, who]) {
        expect(ran).toMatchObject({ stdout: '', stderr: expect.stringContaining('come from several apps') })
        expect(ran?.stderr).toContain('take `checks: write` from every app but Daypass')
      }
      expect([profile, named, who, status].map((ran) => ran?.code)).toEqual([1, 1, 3, 0])
      expect(status?.stdout).toMatch(
        /^#1 {2}unclear {2}prod\/customer-exports {2}Checks of the name Daypass \/ grant/,
      )
      await expect(stat(config)).rejects.toThrow('ENOENT')
      note('profile (amid checks of another app)', profile as Ran)
      note('status (amid checks of another app)', status as Ran)
      note('who customer-exports (amid checks of another app)', who as Ran)
    })
  })

  test('is told by git and, with credentials that may list roles, by IAM', async () => {
    const { accessKeyId, secretAccessKey } = world.keys('root')
    const aws = {
      AWS_ENDPOINT_URL: world.ready.aws.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: world.ready.aws.region,
    }
    const asked = await daypass('olivia', ['who', 'customer-exports', '--json'], aws)
    const text = await daypass('olivia', ['who', 'customer-exports'])
    const elsewhere = await daypass('olivia', ['who', 'billing-archive'])

    note('who customer-exports', text)
    expect(asked.json()).toMatchObject({
      iam: { asked: true, account: world.ready.aws.accounts.prod?.id },
      readers: [{ who: 'alice', pull, git: true, iam: true, roleArn: await world.roleOf(request) }],
    })
    expect(text.stdout).toMatch(/^alice {2}.+ left, until .+ UTC {2}#1 {2}on record {2}access-requests\/prod/)
    expect(text.stderr).toContain('IAM was not asked')
    expect(elsewhere.stdout).toContain('Nobody can read billing-archive')
  })

  test('is told of no bucket that is lent nowhere, as if nobody could read it', async () => {
    const mistyped = await daypass('olivia', ['who', 'customer-export'])
    const elsewhere = await daypass('olivia', ['who', 'customer-exports', '--account', 'staging'])

    note('who customer-export', mistyped)
    note('who customer-exports --account staging', elsewhere)
    expect([mistyped.code, elsewhere.code]).toEqual([1, 1])
    expect(mistyped.stderr).toContain('The rules lend no bucket customer-export.')
    expect(elsewhere.stderr).toContain('The rules lend no bucket customer-exports in staging.')
    expect(mistyped.stderr).toContain('They lend: prod/customer-exports')
    expect(mistyped.stdout + elsewhere.stdout).toBe('')
  })

  test('is not extended beyond what the rules allow, by somebody else, or by nothing said', async () => {
    const tooLong = await daypass('alice', ['extend', '--duration', '24h', '--json'])
    const shorter = await daypass('alice', ['extend', '--duration', '1h', '--json'])
    const others = await daypass('bob', ['extend', String(pull), '--by', '1h'])
    const nothing = await daypass('alice', ['extend'])

    note('extend 1 --by 1h (as bob)', others)
    note('extend', nothing)
    const both = await daypass('alice', ['extend', '--by', '1h', '--duration', '6h'])
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used with') })
    expect(tooLong.code).toBe(1)
    expect(tooLong.json()).toMatchObject({ sent: false, problems: [{ code: 'window-too-long' }] })
    expect(shorter.json()).toMatchObject({ sent: false, problems: [{ code: 'extension-not-longer' }] })
    expect([others.code, nothing.code]).toEqual([1, 2])
    expect(others.stderr).toContain('only they can extend it')
  })

  test('goes on for longer by a pull request that changes the duration alone', async () => {
    const shown = await daypass('alice', ['extend', '--by', '2h', '--dry-run'])
    note('extend --by 2h --dry-run', shown)
    expect(shown.stdout).toMatch(
      /^It would go on until .+ UTC, and not end at .+ UTC: 6 h in all, from .+ UTC\.$/m,
    )
    const why = 'Compare them: the "second" half # too'
    const reasoned = await daypass('alice', ['extend', '--by', '2h', '--reason', why, '--dry-run', '--json'])
    const brief = await daypass('alice', ['extend', '--by', '2h', '--reason', 'More', '--json'])
    const { text } = reasoned.json<Sent>()
    expect(load(text)).toMatchObject({ reason: why, duration: '6h', ticket: 'INC-4211' })
    expect(brief.json()).toMatchObject({ sent: false, problems: [{ code: 'reason-length' }] })
    const { code, json } = await daypassAlone('alice', ['extend', request.path, '--by', '2h', '--json'])
    const sent = json<{ sent: boolean; extends: number; pull: number; text: string; until: string }>()
    expect(code).toBe(0)
    expect(sent).toMatchObject({ sent: true, extends: pull })
    expect(sent.text).toContain('\nduration: 6h\n')

    const waiting = (await daypass('alice', ['status', '--json'])).json<Status>()
    expect(waiting.requests.filter(({ state }) => state === 'asked')).toMatchObject([
      { pull: sent.pull, isExtension: true },
    ])
    const again = await daypass('alice', ['extend', '--by', '3h'])
    note('extend --by 3h', again)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain(`is asked for already: `)

    const { data } = await world
      .github('root')
      .pulls.get({ owner: 'acme', repo: 'access-open', pull_number: sent.pull })
    expect(data).toMatchObject({ user: { login: 'alice' }, changed_files: 1, additions: 1, deletions: 1 })
    const opened = { ...request, pull: sent.pull, head: data.head.sha, url: data.html_url }
    await world.settled()
    await world.approve('olivia', opened)
    await world.merge('olivia', opened)
    await world.settled()
    const { requests } = (await daypass('alice', ['status', '--json'])).json<Status>()
    expect(requests.find((one) => one.pull === pull)).toMatchObject({ state: 'open', until: sent.until })
  })

  test('is not said to end when somebody asks for that who may not', async () => {
    const text = await daypass('bob', ['revoke', String(pull)])
    const { json } = await daypass('bob', ['revoke', String(pull), '--json'])
    await world.settled()
    const { requests } = (await daypass('alice', ['status', '--json'])).json<Status>()

    note('revoke 1 (as bob)', text)
    expect(text.stderr).toContain('only if you are an owner of the path')
    expect(json()).toMatchObject({ pull, author: 'alice', isOwn: false })
    expect(requests.find((one) => one.pull === pull)).toMatchObject({ state: 'open' })
  })

  test('is given back, and access is over', async () => {
    const arn = (await world.roleOf(request)) ?? ''
    const before = await world.assume('alice', arn)
    // So that there is still something to give back when it is said a second time.
    await world.app('stop')
    const text = await daypassAlone('alice', ['revoke'])
    const { code, json } = await daypass('alice', ['revoke', '--json'])
    note('revoke', text)
    await world.app('start')
    await world.settled()

    expect(text.code).toBe(0)
    expect(code).toBe(0)
    expect(json()).toMatchObject({ pull, path: request.path })
    expect(before.kind).toBe('allowed')
    expect((await world.assume('alice', arn)).kind).toBe('denied')
    const after = (await daypass('alice', ['status', '--json'])).json<Status>()
    expect(after.requests.find((entry) => entry.pull === pull)).toMatchObject({
      state: 'ended',
      endedBecause: 'it was given back early',
    })
    note('status', await daypass('alice', ['status']))
    const again = await daypass('alice', ['revoke'])
    note('revoke', again)
    expect(again.code).toBe(1)
  })

  test('is told of in these very words', () => {
    expectGolden('cli-life', withoutChance(transcript.join('\n')).trimEnd())
  })
})

const LINE_GONE = '\r\u001b[K'
const isPainted = (screen: string) =>
  ['1', '2', '31', '32', '33'].some((style) => screen.includes(`\u001b[${style}m`))

describe.skipIf(!hasTerminals)('at a terminal', () => {
  const atTerminal = (args: readonly string[], answers: readonly Typed[], env = {}) =>
    runAtTerminal([...args, '--github-url', world.ready.github.url], {
      cwd: clone.root,
      env: { GITHUB_TOKEN: world.ready.github.tokens.alice ?? '', ...env },
      answers,
    })
  const answers: readonly Typed[] = [
    { after: 'Which bucket?', type: 'billing-archive' },
    { after: 'Which folder', type: 'invoices/' },
    { after: 'What do you need the data for?', type: 'Compare the invoices of November' },
    { after: 'For how long (such as 4h', type: 'a while' },
    { after: 'Write it as 30m, 4h or 1d12h.', type: '2h' },
    { after: 'Send it? [y/N]', type: 'n' },
  ]

  test('a request is asked for question by question, with what was wrong with an answer, and sent by nobody who says no', async () => {
    const { code, screen } = await atTerminal(['request'], answers)

    expect(code).toBe(1)
    expect(screen).toContain('alice could read invoices/ in billing-archive for 2 h')
    expect(screen).toContain('Nothing was sent.')
    expect(isPainted(screen)).toBe(true)
  })

  test('nothing is coloured where NO_COLOR is set, and long work shows how far it is, and then nothing of it', async () => {
    const { screen } = await atTerminal(['status', '--all'], [], { NO_COLOR: '1' })

    expect(isPainted(screen)).toBe(false)
    const [, ...progress] = screen.split(`${LINE_GONE}Reading pull requests: `)
    expect(screen.endsWith('\r\n')).toBe(true)
    expect(screen.split(LINE_GONE).at(-1)).not.toContain('Reading pull requests')
    expect(progress.length).toBeGreaterThan(0)
  })
})

describe('whom a token goes to', () => {
  test('a token for github.com is not sent to another host because a remote says so', async () => {
    const before = world.exchanges.length
    const { code, stderr } = await runCli(['status'], {
      cwd: clone.root,
      env: { GITHUB_TOKEN: 'ghp_secret', PATH: '/usr/bin:/bin' },
    })

    expect(code).toBe(3)
    expect(stderr).toContain(
      `GITHUB_TOKEN is not sent to ${new URL(world.ready.github.url).host} unless it is named`,
    )
    expect(world.exchanges.length).toBe(before)
  })

  test('a wrong token, a repository that is not there and a GitHub that does not answer are told apart', async () => {
    const wrong = await daypass('alice', ['status'], { GITHUB_TOKEN: 'ghp_wrong' })
    const missing = await daypass('alice', ['status', '--repository', 'acme/nowhere'])
    const dead = await runAlone(['status', '--github-url', 'http://127.0.0.1:1'], {
      cwd: clone.root,
      env: { GITHUB_TOKEN: 'x' },
    })
    const clear = await runCli(['status', '--github-url', 'http://github.example.com'], {
      cwd: clone.root,
      env: { GITHUB_TOKEN: 'x' },
    })

    expect([wrong, missing, dead, clear].map(({ code }) => code)).toEqual([3, 3, 3, 2])
    expect(wrong.stderr).toContain('Renew the token')
    expect(missing.stderr).toContain('GitHub answered 404 to GET /api/v3/repos/acme/nowhere: Not Found')
    expect(dead.stderr).toContain('could not be reached')
    expect(clear.stderr).toContain('https://')
    expect(wrong.stderr + missing.stderr).not.toContain('ghp_')
  })

  test('a token that may not read checks, one that may not do something else, and a limit that is used up are told apart', async () => {
    const path = 'access-requests/prod/customer-exports/refused.yaml'
    await world.openRequest('alice', world.repositories.unprotected, path, requestYaml({}))
    await world.settled()
    const status = async (on: string, fault: object) => {
      await world.order({ service: 'github', caller: '*', path: on, fault })
      const ran = await daypass('alice', ['status'])
      await world.clearFaults()
      return ran
    }
    const forbidden = { kind: 'status', status: 403 }
    const checks = await status('*/check-runs', forbidden)
    const other = await status('*/pulls', forbidden)
    const limit = await status('*/check-runs', { kind: 'throttle', status: 403 })

    expect([checks, other, limit].map(({ code }) => code)).toEqual([3, 3, 3])
    expect(checks.stderr).toContain('Fine-grained personal access tokens')
    expect(checks.stderr).toContain('a classic one with the scope `repo`, or sign in with `gh auth login`')
    expect(other.stderr).not.toContain('Fine-grained')
    expect(other.stderr).toContain('The token may need the scope `repo`')
    expect(limit.stderr).toContain('The rate limit is used up: wait')
    expect(limit.stderr).not.toContain('scope')
  })
})

describe('in the clone of a fork', () => {
  test('every command names the repository that is likely meant, and works once it is told', async () => {
    await world.github('bob').repos.createFork({ owner: 'acme', repo: 'access-open' })
    const fork = await makeRepository()
    fork.git('remote', 'add', 'origin', `${world.ready.github.url}/bob/access-open.git`)
    const inFork = (...args: string[]) =>
      runCli([...args, '--github-url', world.ready.github.url], {
        cwd: fork.root,
        env: { GITHUB_TOKEN: world.ready.github.tokens.bob ?? '' },
      })
    fork.commit('Begin')
    const commands = [['who', 'customer-exports'], ASK, ['status'], ['revoke'], ['audit', '--verify']]
    const refused = await Promise.all(commands.map((args) => inFork(...args)))
    const parent = await inFork('who', 'customer-exports', '--repository', 'acme/access-open')
    const itself = await inFork('who', 'customer-exports', '--repository', 'bob/access-open')
    const asked = await inFork(...ASK, '--repository', 'acme/access-open', '--dry-run')
    await fork.remove()

    for (const ran of refused) {
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain('bob/access-open is a fork of acme/access-open.\n')
      expect(ran.stderr).toContain('Say --repository acme/access-open, or --repository bob/access-open if')
    }
    expect([parent, itself, asked].map(({ code }) => code)).toEqual([0, 0, 0])
  })
})

describe('a commit', () => {
  test('is signed where git is set up to sign, and sent as it is', async () => {
    const signer = join(clone.root, 'signer.sh')
    const signature = ['-----BEGIN PGP SIGNATURE-----', '', 'dGVzdA==', '-----END PGP SIGNATURE-----']
    const says = signature.map((line) => `echo '${line}'`).join('\n')
    await writeFile(signer, `#!/bin/sh\ncat > /dev/null\n${says}\necho '[GNUPG:] SIG_CREATED ' >&2\n`, {
      mode: 0o700,
    })
    clone.git('config', 'commit.gpgsign', 'true')
    clone.git('config', 'gpg.program', signer)
    const sent = (await daypass('alice', [...ASK, '--name', 'signed', '--json'])).json<Sent>()
    const { data } = await world
      .github('root')
      .pulls.get({ owner: 'acme', repo: 'access-open', pull_number: sent.pull })
    const { host } = new URL(world.ready.github.url)
    const address = `http://alice:${world.ready.github.tokens.alice}@${host}/${world.repositories.unprotected}.git`
    await runProcess('git', ['fetch', '--quiet', address, data.head.ref], { cwd: clone.root })
    expect(clone.git('cat-file', '-p', 'FETCH_HEAD')).toContain(signature.at(-1))
    clone.git('config', '--unset', 'commit.gpgsign')
  })
})
