/** What docs/install.md has an operator type, paste and watch: held against the templates, the examples and the code. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatProblems, readConfig } from '../src/config.ts'
import { formatMetrics } from '../src/metrics.ts'
import { parseOperatorFile } from '../src/operator-file.ts'
import { deployTemplate, type Stack } from '../src/sandbox/aws/cloudformation.ts'
import { evaluate } from '../src/sandbox/aws/policy.ts'

const HUB_ACCOUNT = '777788889999'
const ACCOUNT = '111111111111'
const LENT_ROLE = `arn:aws:iam::${ACCOUNT}:role/daypass/x/alice-1`

const page = read('docs/install.md')

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
}

function blocks(language: string): readonly string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms')
  return [...page.matchAll(fence)].map(([, , text = '']) => text)
}

/** The words of each command; nothing on this page is quoted. */
const commands = blocks('sh')
  .flatMap((block) => block.replaceAll('\\\n', ' ').trim().split('\n'))
  .map((line) => line.trim().split(/\s+/))

interface Deployment {
  readonly template: string
  readonly capabilities: string | undefined
  readonly parameters: Readonly<Record<string, string>>
}

function deploymentOf(template: string): Deployment {
  const words = commands.find((line) => line.includes(template)) ?? []
  expect(words.slice(0, 3)).toEqual(['aws', 'cloudformation', 'deploy'])
  const after = (flag: string) => words[words.indexOf(flag) + 1]
  const parameters = words.slice(words.indexOf('--parameter-overrides') + 1).map((word) => {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(word) ?? []
    return [name, value]
  })
  expect(after('--template-file')).toBe(template)
  return { template, capabilities: after('--capabilities'), parameters: Object.fromEntries(parameters) }
}

/** As CloudFormation takes them: commas separate what is a list. */
function deploy({ template, parameters }: Deployment, id: string): Stack {
  const lists = /^(?:ExternalIds|LendableBucketArns|KmsKeyArns|AccountRoleArns|TrustedServices)$/
  const given = Object.entries(parameters).map(([name, value]) => [
    name,
    lists.test(name) ? value.split(',') : value,
  ])
  return deployTemplate(read(template), Object.fromEntries(given), {
    id,
    partition: 'aws',
    region: 'eu-central-1',
  })
}

const hub = deploymentOf('deploy/hub.yaml')
const account = deploymentOf('deploy/account.yaml')

describe('the stacks, deployed as the page says', () => {
  const hubStack = deploy(hub, HUB_ACCOUNT)
  const accountStack = deploy(account, ACCOUNT)

  test('name their roles, and may', () => {
    for (const { capabilities } of [hub, account]) expect(capabilities).toBe('CAPABILITY_NAMED_IAM')
  })

  test('know each other', () => {
    expect(account.parameters.HubRoleArn).toBe(hubStack.outputs.HubRoleArn)
    expect(hub.parameters.AccountRoleArns?.split(',')).toContain(accountStack.outputs.AccountRoleArn)
  })

  test('lend to the repository of the example of an operator file, by the role and within the boundary it means', () => {
    const operator = parseOperatorFile('operator.yml', read('docs/examples/operator.yml'))
    if (!operator.ok) throw new Error(JSON.stringify(operator.problems))
    const [repository] = operator.value.values()
    expect(account.parameters.ExternalIds).toBe(`daypass/${repository?.id}`)
    const prod = repository?.accounts.get('prod')
    expect(prod?.id).toBe(ACCOUNT)
    expect([prod?.role, prod?.boundary]).toEqual([
      accountStack.outputs.AccountRoleArn,
      accountStack.outputs.BoundaryArn,
    ])
  })
})

describe('the policies to paste', () => {
  const [people = '', organization = ''] = blocks('json')
  const context = (keys: Readonly<Record<string, string>>) =>
    new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), [value]]))
  const own = { 'aws:PrincipalOrgID': 'o-exampleorgid' }

  test.each([
    ['may assume what they are lent', 'sts:AssumeRole', LENT_ROLE, 'allowed'],
    ['may pass on a source identity', 'sts:SetSourceIdentity', LENT_ROLE, 'allowed'],
    ['may pass on transitive tags', 'sts:TagSession', LENT_ROLE, 'allowed'],
    ['may assume nothing else', 'sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/Administrator`, 'silent'],
    ['may do nothing else with it', 'iam:PutRolePolicy', LENT_ROLE, 'silent'],
  ])('people %s', (_, action, resource, outcome) => {
    const policy = { kind: 'identity', text: people } as const
    expect(evaluate([policy], { action, resource, context: context(own) })).toBe(outcome)
  })

  const partner = `arn:aws:iam::${ACCOUNT}:role/Partner`
  test.each([
    [
      'somebody of another organisation',
      { 'aws:PrincipalOrgID': 'o-somebodyelse' },
      'AssumeRole',
      LENT_ROLE,
      'denied',
    ],
    ['somebody of none', {}, 'AssumeRole', LENT_ROLE, 'denied'],
    ['whom a web identity provider vouches for', {}, 'AssumeRoleWithWebIdentity', LENT_ROLE, 'denied'],
    ['whom a SAML provider vouches for', {}, 'AssumeRoleWithSAML', LENT_ROLE, 'denied'],
    ['who brings a source identity', {}, 'SetSourceIdentity', LENT_ROLE, 'denied'],
    ['who brings tags', {}, 'TagSession', LENT_ROLE, 'denied'],
    ['our own people', own, 'AssumeRole', LENT_ROLE, 'silent'],
    ['our own people, with tags', own, 'TagSession', LENT_ROLE, 'silent'],
    ['others, who become roles of their own', {}, 'AssumeRole', partner, 'silent'],
    ['workflows, which become roles of their own', {}, 'AssumeRoleWithWebIdentity', partner, 'silent'],
  ])('the resource control policy meets %s', (_, keys, call, resource, outcome) => {
    const statement = JSON.parse(organization).Statement[0]
    expect(statement.Principal).toBe('*')
    // Whom it names is everybody; what is left is evaluated as any other policy.
    const { Principal: _everybody, ...rest } = statement
    const text = JSON.stringify({ Version: '2012-10-17', Statement: [rest] })
    expect(
      evaluate([{ kind: 'identity', text }], {
        action: `sts:${call}`,
        resource,
        context: context(keys),
      }),
    ).toBe(outcome)
  })
})

test('the boundary has room for as many buckets as the page says', () => {
  const sizeWith = (buckets: number, keys: number) => {
    const arns = (count: number, arn: (index: string) => string) =>
      Array.from({ length: count }, (_, index) => arn(String(index).padStart(3, '0'))).join()
    const bucket = (index: string) => `arn:aws:s3:::${`bucket-${index}-`.padEnd(30, 'x')}`
    const key = (index: string) =>
      `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-123456789${index}`
    const parameters = {
      ...account.parameters,
      LendableBucketArns: arns(buckets, bucket),
      KmsKeyArns: arns(keys, key),
    }
    return JSON.stringify(deploy({ ...account, parameters }, ACCOUNT).managedPolicies[0]?.document).length
  }
  const most = (keysFor: (buckets: number) => number): number => {
    let buckets = 0
    while (sizeWith(buckets + 1, keysFor(buckets + 1)) <= 6144) buckets += 1
    return buckets
  }
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    `${most(() => 0)} buckets with names of 30 characters, ${most(() => 1)} where one key encrypts them all, or ${most((buckets) => buckets)} where each has a key of its own`,
  )
})

test('the line that starts the app sets all it needs, beside the files it names', () => {
  const line = commands.find((words) => words.slice(-2).join(' ') === 'npm start') ?? []
  const env = Object.fromEntries(line.slice(0, -2).map((word) => word.split('=')))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = commands.find(([program]) => program === 'openssl') ?? []
  expect(key.slice(1, 4)).toEqual(['genpkey', '-algorithm', 'ed25519'])
  const pem = { type: 'pkcs8', format: 'pem' } as const
  // As openssl writes it.
  const made = generateKeyPairSync('ed25519').privateKey.export(pem).toString()
  const files: Readonly<Record<string, string>> = {
    'app.pem': privateKey.export(pem).toString(),
    'operator.yml': read('docs/examples/operator.yml'),
    [key[key.indexOf('-out') + 1] ?? '']: made,
  }
  expect(env.WEBHOOK_SECRET).toBe('…')
  const WEBHOOK_SECRET = 'what `openssl rand -hex 32` printed'
  const config = readConfig({ ...env, WEBHOOK_SECRET }, { read: (path) => files[path] ?? '', prepare() {} })
  if (!config.ok) throw new Error(formatProblems(config.problems, env))
  expect(config.value).toMatchObject({ app: { id: 12345 }, http: { port: 3000 }, receiptKey: made })
})

test('the measures to watch are told', () => {
  const told = formatMetrics([{ repository: 1001, notRemoved: 0, failures: 0 }], 0)
  const named = new Set([...page.matchAll(/`[^`\n]*?(daypass_\w+)[^`\n]*`/g)].map(([, name = '']) => name))
  expect(named.size).toBe(5)
  for (const name of named) expect(told).toContain(`# TYPE ${name} gauge\n`)
})
