/** The AWS CLI and boto3, as their makers ship them, against the sandbox: by hand, and with the profile that the app's comment gives. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AwsCli, findAwsClis, findBoto3, writeStsAddress } from '../support/aws-tools.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const run = promisify(execFile)

const [clis, python] = await Promise.all([findAwsClis(), findBoto3()])
// A call takes more than a second of processor time: where there are several, one is for the profile and one for the
// rest, and what only adds to the proof waits for the long run.
const FULL = process.env.FULL === '1'
const [forProfile] = clis
const forCalls = clis.at(-1)

const SCRIPT = fileURLToPath(new URL('../support/boto3_calls.py', import.meta.url))
const EXPORTS = 'access-requests/prod/customer-exports'
const BUCKET = 's3://customer-exports'
const KEY = 'exports/2026/11/orders.csv'
const ORDERS = /^order,customer,total$/m
const DENIED = /\((AccessDenied|403)\)/
/** After the window: denied by its dates, expired with its session, or gone with its role. */
const OVER = /\((AccessDenied|403|InvalidAccessKeyId|400|ExpiredToken)\)/

/** Of a person, with the profile from the comment in it. */
interface Home {
  readonly home: string
  readonly command: string
  readonly profile: string
}

interface Ran {
  readonly ok: boolean
  readonly output: string
}

describe.skipIf(clis.length === 0 && !python)('plain tools', { timeout: 120_000 }, () => {
  let world: TestWorld
  let directory: string
  let homes: Readonly<Record<'alice' | 'bob', Home>>

  beforeAll(async () => {
    world = await startWorld()
    directory = await mkdtemp(join(tmpdir(), 'daypass-aws-tools-'))
    const { protected: repository } = world.repositories
    const grant = (login: string) =>
      world.grant({ login }, repository, `${EXPORTS}/${login}-1.yaml`, requestYaml({ requester: login }))
    homes = {
      alice: await homeOf('alice', 'default', await grant('alice')),
      bob: await homeOf('bob', 'DataReader-111122223333', await grant('bob')),
    }
    await writeFile(join(directory, 'up.txt'), 'from the CLI')
  }, 120_000)

  afterAll(async () => {
    await world.close()
    await rm(directory, { recursive: true })
  })

  /** A home as the person has it: own keys under the profile's name, and what the comment says, pasted as it is. */
  async function homeOf(login: string, ownProfile: string, request: MergedRequest): Promise<Home> {
    const keys = world.ready.aws.keys[login]
    const comment = (await world.comment(request)) ?? ''
    const block = (language: string) => comment.split(`\`\`\`${language}\n`)[1]?.split('\n```')[0] ?? ''
    const home = join(directory, login)
    await mkdir(join(home, '.aws'), { recursive: true })
    const credentials = [
      `[${ownProfile}]`,
      `aws_access_key_id = ${keys?.accessKeyId}`,
      `aws_secret_access_key = ${keys?.secretAccessKey}`,
      ...(keys?.sessionToken === undefined ? [] : [`aws_session_token = ${keys.sessionToken}`]),
    ]
    await writeFile(join(home, '.aws/credentials'), credentials.join('\n'))
    await writeFile(join(home, '.aws/config'), block('ini'))
    return { home, command: block('sh'), profile: /^\[profile (.+)\]$/m.exec(block('ini'))?.[1] ?? '' }
  }

  /** Nothing of this machine's own settings; the sandbox's address as a person would give it. */
  async function environment(home: string, tool?: AwsCli): Promise<Record<string, string>> {
    const { endpoint } = world.ready.aws
    const path = [...(tool ? [tool.directory] : []), process.env.PATH ?? ''].join(delimiter)
    const common = { PATH: path, HOME: home, AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '', NO_PROXY: '*' }
    if (tool?.knowsEndpointVariable) return { ...common, AWS_ENDPOINT_URL: endpoint }
    const models = join(directory, 'models')
    await writeStsAddress(models, endpoint)
    return { ...common, AWS_DATA_PATH: models }
  }

  async function shell(command: string, env: Readonly<Record<string, string>>): Promise<Ran> {
    try {
      const { stdout } = await run('/bin/sh', ['-c', command], { env, cwd: directory })
      return { ok: true, output: stdout }
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      return { ok: false, output: stdout + stderr }
    }
  }

  describe.skipIf(!forCalls)(`the AWS CLI ${forCalls?.version ?? ''}, with --endpoint-url`, () => {
    const aws = async (command: string) => {
      const { endpoint, region, keys } = world.ready.aws
      const { accessKeyId = '', secretAccessKey = '' } = keys.root ?? {}
      const own = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      const env = { ...(await environment(directory, forCalls)), ...own, AWS_DEFAULT_REGION: region }
      return shell(`aws --endpoint-url ${endpoint} --output json ${command}`, env)
    }
    const json = async (command: string): Promise<unknown> => {
      const { ok, output } = await aws(command)
      return ok ? JSON.parse(output) : output
    }

    test('copies up and down, sees the versions, and reads a role', async () => {
      expect(await aws(`s3 cp up.txt ${BUCKET}/cli/up.txt`)).toMatchObject({ ok: true })
      const [down, versions, role] = await Promise.all([
        aws(`s3 cp ${BUCKET}/cli/up.txt -`),
        json('s3api list-object-versions --bucket customer-exports --prefix cli/'),
        json('iam get-role --role-name DaypassAccountRole'),
      ])
      expect(down.output).toBe('from the CLI')
      expect(versions).toMatchObject({ Versions: [{ Key: 'cli/up.txt', IsLatest: true, Size: 12 }] })
      expect(role).toMatchObject({ Role: { AssumeRolePolicyDocument: { Version: '2012-10-17' } } })
    })

    test.runIf(FULL)('does all else that people do with it', async () => {
      const { id = '' } = world.ready.aws.accounts.prod ?? {}
      const role = `arn:aws:iam::${id}:role/DaypassAccountRole`
      expect((await aws('s3 ls')).output).toMatch(/ billing-archive\n.* customer-exports\n/)
      expect(
        await json('s3api head-object --bucket billing-archive --key invoices/2026/11.csv'),
      ).toMatchObject({
        ServerSideEncryption: 'aws:kms',
        ContentLength: 27,
      })
      const pages = 's3api list-objects-v2 --bucket customer-exports --prefix exports/ --page-size 1'
      expect(await json(pages)).toMatchObject({
        Contents: [{ Key: expect.stringContaining('/10/') }, { Key: KEY }],
      })
      const part = `s3api get-object --bucket customer-exports --key ${KEY} --range bytes=0-4 part.csv`
      expect(await aws(part)).toMatchObject({ ok: true })
      expect(await readFile(join(directory, 'part.csv'), 'utf8')).toBe('order')
      const missing = await aws('s3api head-object --bucket customer-exports --key nothing')
      expect(missing).toMatchObject({ ok: false, output: expect.stringContaining('(404)') })
      expect(await json('sts get-caller-identity')).toMatchObject({ Arn: `arn:aws:iam::${id}:user/root` })
      const assumed = await aws(`sts assume-role --role-arn ${role} --role-session-name root`)
      expect(assumed).toMatchObject({ ok: false, output: expect.stringMatching(DENIED) })
      expect(await json('iam list-roles --path-prefix /daypass/')).toMatchObject({
        Roles: [{ Path: '/daypass/rt/' }, { Path: '/daypass/rt/' }],
      })
    })
  })

  test.skipIf(!python)(
    'boto3 does with endpoint_url what it does with AWS, and with the pasted profile',
    async () => {
      const { home, profile } = homes.alice
      const { endpoint, keys } = world.ready.aws
      const root = { ROOT_KEY: keys.root?.accessKeyId ?? '', ROOT_SECRET: keys.root?.secretAccessKey ?? '' }
      const { output } = await shell(`${python} ${SCRIPT} ${endpoint} ${profile}`, {
        ...(await environment(home)),
        ...root,
      })
      const role = 'arn:aws:iam::111122223333:role/DaypassAccountRole'
      const orders = expect.stringMatching(ORDERS)
      expect(JSON.parse(output)).toEqual({
        identity: 'arn:aws:iam::111122223333:user/root',
        buckets: ['billing-archive', 'customer-exports'],
        keys: expect.arrayContaining(['exports/2026/10/orders.csv', KEY, 'internal/salaries.csv']),
        'old keys': ['exports/2026/10/orders.csv', KEY],
        range: 'order',
        encryption: 'aws:kms',
        versions: [2, 'one'],
        copy: 58,
        presigned: orders,
        missing: '404 404',
        role,
        trust: '2012-10-17',
        roles: [expect.stringMatching(/^alice-1-/), expect.stringMatching(/^bob-1-/)],
        'missing role': '404 NoSuchEntity',
        'not assumed': '403 AccessDenied',
        'lent identity': 'alice',
        'lent read': orders,
        'lent list': [KEY],
        'lent presigned': orders,
        outside: '403 AccessDenied',
        'outside presigned': 403,
        'outside head': '403 403',
        'outside list': '403 AccessDenied',
        written: '403 AccessDenied',
      })
    },
  )

  describe.skipIf(!forProfile)(`the comment's profile in the AWS CLI ${forProfile?.version ?? ''}`, () => {
    /** What a person types, with the address by flag where the CLI does not know the variable. */
    async function typed(home: string, command: string): Promise<Ran> {
      const flag = forProfile?.knowsEndpointVariable ? '' : ` --endpoint-url ${world.ready.aws.endpoint}`
      return shell(command + flag, await environment(home, forProfile))
    }

    test.each([
      ['alice', 'her own keys under the profile `default`'],
      ['bob', 'his under the name that `aws configure sso` suggests'],
    ] as const)('lists for %s as pasted, with %s', async (login, _) => {
      const { home, command, profile } = homes[login]
      expect(command).toBe(`aws s3 ls ${BUCKET}/exports/2026/11/ --profile ${profile}`)
      expect(await typed(home, command)).toMatchObject({
        ok: true,
        output: expect.stringMatching(/ orders\.csv\n$/),
      })
    })

    const copied = async (login: 'alice' | 'bob', key: string) => {
      const { home, profile } = homes[login]
      return typed(home, `aws s3 cp ${BUCKET}/${key} - --profile ${profile}`)
    }

    test('copies below the prefix, and is denied outside it', async () => {
      expect(await copied('alice', KEY)).toMatchObject({ ok: true, output: expect.stringMatching(ORDERS) })
      expect(await copied('alice', 'internal/salaries.csv')).toMatchObject({
        ok: false,
        output: expect.stringMatching(DENIED),
      })
    })

    test.runIf(FULL)('is denied outside the prefix in every way, for both', async () => {
      for (const login of ['alice', 'bob'] as const)
        for (const key of ['internal/salaries.csv', 'exports/2026/10/orders.csv'])
          expect(await copied(login, key)).toMatchObject({ ok: false, output: expect.stringMatching(DENIED) })
      const { home, profile } = homes.alice
      for (const what of [`ls ${BUCKET}/`, 'ls', `cp up.txt ${BUCKET}/${KEY}`, `rm ${BUCKET}/${KEY}`])
        expect(await typed(home, `aws s3 ${what} --profile ${profile}`)).toMatchObject({
          ok: false,
          output: expect.stringMatching(DENIED),
        })
    })

    test('reads nothing after the window, in the session that it keeps', async () => {
      await world.advance('4h')
      expect(await copied('alice', KEY)).toMatchObject({ ok: false, output: expect.stringMatching(OVER) })
    })

    test.runIf(FULL)('opens no new session after the window', async () => {
      await rm(join(directory, 'alice/.aws/cli'), { recursive: true })
      expect(await copied('alice', KEY)).toMatchObject({
        ok: false,
        output: expect.stringMatching(/\(AccessDenied\)/),
      })
    })
  })
})
