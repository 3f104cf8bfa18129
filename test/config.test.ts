import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Config, chooseMode, formatProblems, readConfig } from '../src/config.ts'

const pem = { type: 'pkcs8', format: 'pem' } as const
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString()
const WEAK = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem).toString()
const ED25519 = generateKeyPairSync('ed25519').privateKey.export(pem).toString()
const SECRET = '0123456789abcdef0123456789abcdef'
const OPERATOR = `repositories:
  - id: 1001
    name: acme/access
    trusted_commit: 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    accounts:
      prod: {id: "011111111111", region: eu-central-1}
      east: {id: "022222222222", region: us-east-1, role: team/Lender, boundary: "arn:aws:iam::022222222222:policy/B"}
  - id: 1002
    trusted_commit: "0000000000000000000000000000000000000000"
    accounts: {}
`
const FILES: Readonly<Record<string, string>> = {
  '/operator.yml': OPERATOR,
  '/app.pem': RSA,
  '/receipt.pem': ED25519,
}
const GOOD = {
  APP_ID: '12345',
  PRIVATE_KEY: RSA,
  WEBHOOK_SECRET: SECRET,
  DAYPASS_OPERATOR_FILE: '/operator.yml',
}

function readFile(path: string): string {
  const text = FILES[path]
  if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
  return text
}

function prepare(path: string): void {
  if (!path.startsWith('/kept/')) throw Object.assign(new Error(path), { code: 'EACCES' })
}

const read = (env: Readonly<Record<string, string | undefined>>) =>
  readConfig(env, { read: readFile, prepare })

function configOf(env: Readonly<Record<string, string>> = {}): Config {
  const outcome = read({ ...GOOD, ...env })
  if (!outcome.ok) throw new Error(formatProblems(outcome.problems, {}))
  return outcome.value
}

function whereWrong(env: Readonly<Record<string, string | undefined>>): string[] {
  const outcome = read({ ...GOOD, ...env })
  return outcome.ok ? [] : outcome.problems.map(({ where, code }) => `${where} ${code}`)
}

describe('a configuration', () => {
  test('has sensible defaults for everything but the four settings that nobody can guess', () => {
    expect(configOf()).toEqual({
      app: { id: 12345, privateKey: RSA.trim(), webhookSecret: SECRET },
      github: { apiUrl: 'https://api.github.com', htmlUrl: 'https://github.com', throttle: true },
      aws: {},
      http: { host: '127.0.0.1', port: 3000 },
      sweepSeconds: 300,
      logLevel: 'info',
      repositories: expect.any(Map),
    })
  })

  test('gives each repository its own accounts, with defaults for role, boundary and partition', () => {
    const { repositories } = configOf()
    expect([...repositories.keys()]).toEqual([1001, 1002])
    expect(repositories.get(1001)).toEqual({
      id: 1001,
      name: 'acme/access',
      trustedCommit: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
      accounts: new Map([
        [
          'prod',
          {
            alias: 'prod',
            id: '011111111111',
            partition: 'aws',
            region: 'eu-central-1',
            role: 'arn:aws:iam::011111111111:role/DaypassAccountRole',
            boundary: 'arn:aws:iam::011111111111:policy/DaypassBoundary',
          },
        ],
        [
          'east',
          {
            alias: 'east',
            id: '022222222222',
            partition: 'aws',
            region: 'us-east-1',
            role: 'arn:aws:iam::022222222222:role/team/Lender',
            boundary: 'arn:aws:iam::022222222222:policy/B',
          },
        ],
      ]),
    })
    expect(repositories.get(1002)?.accounts.size).toBe(0)
  })

  test.each([
    ['as it is', { PRIVATE_KEY: RSA }],
    ['with \\n for its line ends', { PRIVATE_KEY: RSA.replaceAll('\n', '\\n') }],
    ['in base 64', { PRIVATE_KEY: Buffer.from(RSA).toString('base64') }],
    ['in a file', { PRIVATE_KEY: '', PRIVATE_KEY_PATH: '/app.pem' }],
  ])('takes the private key %s', (_, env) => {
    expect(configOf(env).app.privateKey.trim()).toBe(RSA.trim())
  })

  test.each([
    [{ GHE_HOST: 'git.example.com' }, 'https://git.example.com/api/v3', 'https://git.example.com', true],
    [{ GHE_HOST: 'acme.ghe.com' }, 'https://api.acme.ghe.com', 'https://acme.ghe.com', true],
    [
      { GITHUB_API_URL: 'https://git.example.com/api/v3/' },
      'https://git.example.com/api/v3',
      'https://git.example.com',
      true,
    ],
    [
      { GITHUB_API_URL: 'https://api.acme.ghe.com' },
      'https://api.acme.ghe.com',
      'https://acme.ghe.com',
      true,
    ],
    [
      { GITHUB_API_URL: 'http://127.0.0.1:4000/api/v3' },
      'http://127.0.0.1:4000/api/v3',
      'http://127.0.0.1:4000',
      false,
    ],
  ])('knows where GitHub is from %j', (env, apiUrl, htmlUrl, throttle) => {
    expect(configOf(env as Record<string, string>).github).toEqual({ apiUrl, htmlUrl, throttle })
  })

  test('follows another clock only in a world that lies on this machine as a whole', () => {
    const here = { GITHUB_API_URL: 'http://localhost:1', AWS_ENDPOINT_URL: 'http://[::1]:2' }
    const clock = { DAYPASS_CLOCK_URL: 'http://127.0.0.1:3/clock' }
    expect(configOf({ ...here, ...clock }).clockUrl).toBe('http://127.0.0.1:3/clock')
    const refused = ['DAYPASS_CLOCK_URL setting-conflict']
    expect(whereWrong(clock)).toEqual(refused)
    expect(whereWrong({ ...clock, GITHUB_API_URL: here.GITHUB_API_URL })).toEqual(refused)
    expect(whereWrong({ ...clock, AWS_ENDPOINT_URL: here.AWS_ENDPOINT_URL })).toEqual(refused)
    expect(whereWrong({ ...clock, ...here, AWS_ENDPOINT_URL: 'https://aws.example.com' })).toEqual(refused)
    expect(whereWrong({ ...here, DAYPASS_CLOCK_URL: 'https://time.example.com' })).toEqual(refused)
  })

  test('signs receipts with a key from the environment or a file', () => {
    expect(configOf({ DAYPASS_RECEIPT_KEY: ED25519 }).receiptKey?.trim()).toBe(ED25519.trim())
    expect(configOf({ DAYPASS_RECEIPT_KEY_PATH: '/receipt.pem' }).receiptKey).toBe(ED25519)
  })
})

describe('what is wrong', () => {
  test('is listed all at once', () => {
    const outcome = read({
      PORT: '70000',
      LOG_LEVEL: 'loud',
      DAYPASS_SWEEP_SECONDS: 'often',
      AWS_ENDPOINT_URL: 'ftp://x',
    })
    expect(outcome.ok ? [] : outcome.problems.map(({ where }) => where).sort()).toEqual([
      'APP_ID',
      'AWS_ENDPOINT_URL',
      'DAYPASS_OPERATOR_FILE',
      'DAYPASS_SWEEP_SECONDS',
      'LOG_LEVEL',
      'PORT',
      'PRIVATE_KEY',
      'WEBHOOK_SECRET',
    ])
  })

  test.each([
    [{ APP_ID: '' }, ['APP_ID setting-missing']],
    [{ APP_ID: 'Iv1.abc' }, ['APP_ID setting-invalid']],
    [{ PRIVATE_KEY: 'hunter2' }, ['PRIVATE_KEY setting-invalid']],
    [{ PRIVATE_KEY: WEAK }, ['PRIVATE_KEY setting-invalid']],
    [{ PRIVATE_KEY: ED25519 }, ['PRIVATE_KEY setting-invalid']],
    [{ PRIVATE_KEY_PATH: '/app.pem' }, ['PRIVATE_KEY setting-conflict']],
    [{ PRIVATE_KEY: '', PRIVATE_KEY_PATH: '/nowhere' }, ['PRIVATE_KEY_PATH file-unreadable']],
    [{ WEBHOOK_SECRET: 'development' }, ['WEBHOOK_SECRET setting-invalid']],
    [{ WEBHOOK_SECRET: '   ' }, ['WEBHOOK_SECRET setting-missing']],
    [{ DAYPASS_OPERATOR_FILE: '/nowhere' }, ['DAYPASS_OPERATOR_FILE file-unreadable']],
    [{ DAYPASS_OPERATOR_FILE: '/app.pem' }, ['/app.pem:1:1 operator-file']],
    [{ DAYPASS_RECEIPT_KEY: RSA }, ['DAYPASS_RECEIPT_KEY setting-invalid']],
    [{ GHE_HOST: 'https://git.example.com' }, ['GHE_HOST setting-invalid']],
    [{ GHE_HOST: 'git.example.com', GITHUB_API_URL: 'https://x' }, ['GHE_HOST setting-conflict']],
    [{ GITHUB_API_URL: 'http://git.example.com' }, ['GITHUB_API_URL setting-invalid']],
    [{ GITHUB_API_URL: 'http://127.0.0.1.example.com' }, ['GITHUB_API_URL setting-invalid']],
    [{ GITHUB_API_URL: 'http://localhost@example.com' }, ['GITHUB_API_URL setting-invalid']],
    [{ AWS_ENDPOINT_URL: 'https://user:pass@aws.example.com' }, ['AWS_ENDPOINT_URL setting-invalid']],
    [{ PORT: '-1' }, ['PORT setting-invalid']],
    [{ DAYPASS_SWEEP_SECONDS: '0' }, ['DAYPASS_SWEEP_SECONDS setting-invalid']],
  ])('in %j is named', (env, expected) => {
    expect(whereWrong(env)).toEqual(expected)
  })

  test('is told without a word of what was set', () => {
    const secrets = ['hunter2-webhook', 'hunter2-key', 'hunter2-receipt', 'hunter2-url']
    const [WEBHOOK_SECRET, PRIVATE_KEY, DAYPASS_RECEIPT_KEY, host] = secrets
    const env = {
      WEBHOOK_SECRET,
      PRIVATE_KEY,
      DAYPASS_RECEIPT_KEY,
      AWS_ENDPOINT_URL: `https://x:${host}@aws`,
      AWS_SECRET_ACCESS_KEY: 'hunter2-aws',
    }
    const outcome = read(env)
    const told = outcome.ok ? '' : formatProblems(outcome.problems, env)
    expect(told).toContain('PRIVATE_KEY')
    expect(told).not.toContain('hunter2')
  })

  test('says why it is not the sandbox that starts', () => {
    const env = { AWS_REGION: 'eu-central-1' }
    const outcome = read(env)
    expect(outcome.ok ? '' : formatProblems(outcome.problems, env)).toMatch(/sandbox[^\n]*AWS_REGION/)
  })
})

describe('the sandbox', () => {
  test.each([
    [{}],
    [
      {
        PATH: '/bin',
        HOME: '/root',
        PORT: '1',
        LOG_LEVEL: 'debug',
        NODE_ENV: 'test',
        SANDBOX_GITHUB_PORT: '0',
      },
    ],
    [{ AWS_PROFILE: '', APP_ID: ' ' }],
    [{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_API_URL: 'https://api.github.com', GITHUB_TOKEN: 'x' }],
  ])('starts with %j', (env) => {
    expect(chooseMode(env)).toBe('sandbox')
  })

  test.each([
    'APP_ID',
    'PRIVATE_KEY',
    'PRIVATE_KEY_PATH',
    'WEBHOOK_SECRET',
    'DAYPASS_OPERATOR_FILE',
    'DAYPASS_RECEIPT_KEY',
    'GHE_HOST',
    'GITHUB_API_URL',
    'AWS_ACCESS_KEY_ID',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_ENDPOINT_URL',
    'AWS_PROFILE',
    'AWS_REGION',
    'AWS_ROLE_ARN',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ])('never starts where %s is set, even if it is asked for', (name) => {
    expect(chooseMode({ [name]: 'x' })).toBe('real')
    expect(chooseMode({ [name]: 'x' }, { wantsSandbox: true })).toEqual({
      refused: expect.stringContaining(name),
    })
  })

  test.each(['production', 'Production', ' production '])('never starts with NODE_ENV=%j', (NODE_ENV) => {
    expect(chooseMode({ NODE_ENV })).toBe('real')
    expect(chooseMode({ NODE_ENV }, { wantsSandbox: true })).toHaveProperty('refused')
  })
})
