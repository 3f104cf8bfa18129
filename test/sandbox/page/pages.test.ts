import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request as send } from 'node:http'
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts'
import { createPeople, type OpenedRequest, type People } from '../../../src/sandbox/tour-people.ts'

let sandbox: Sandbox
let people: People
let url: string
let pull: OpenedRequest

const HOSTILE = `Ⓐ <script>alert(1)</script><img src=x onerror=alert(1)> "'&\u202e`
const PATH = 'access-requests/prod/customer-exports/alice.yaml'

beforeAll(async () => {
  sandbox = await startSandbox()
  people = createPeople(sandbox.ready)
  url = sandbox.ready.github.url
  pull = await people.openRequest('alice', 'acme/access', PATH, `requester: alice # ${HOSTILE}\n`)
  const at = { owner: 'acme', repo: 'access' }
  await people.github('alice').pulls.update({ ...at, pull_number: pull.pull, title: HOSTILE })
  await people.github('alice').issues.createComment({ ...at, issue_number: pull.pull, body: HOSTILE })
})
afterAll(() => sandbox.close())

interface Got {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** As fetch, but for the headers that fetch keeps to itself. */
function got(
  path: string,
  { form, ...headers }: Readonly<Record<string, string>> & { readonly form?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const method = form === undefined ? 'GET' : 'POST'
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = send(url + path, { method, headers: { ...type, ...headers } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(form)
  })
}

const as = (login: string) => ({ cookie: `sandbox-person=${login}` })
const post = (path: string, form: string, headers: Readonly<Record<string, string>> = {}) =>
  got(path, { origin: url, form, ...headers })

describe('every page', () => {
  test('keeps scripts, frames and forms of others out by its headers', async () => {
    const { headers } = await got('/')
    const policy = String(headers['content-security-policy'])

    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split('; ')).toContain(rule)
    expect(policy).not.toMatch(/unsafe|http|\*/)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' })
  })

  test('shows what others wrote as text: titles, files, comments, branches', async () => {
    for (const path of ['', '/files']) {
      const { status, text } = await got(`/acme/access/pull/${pull.pull}${path}`)
      expect(status, path).toBe(200)
      expect(text, path).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
      expect(text, path).not.toMatch(/<script>|<img src=x|\sonerror=alert\(1\)>"/)
      expect(text, path).not.toContain('\u202e')
    }
  })

  test('hands the files of a repository out as plain text, whatever they are', async () => {
    const { headers, text } = await got(`/acme/access/raw/${pull.branch}/${PATH}`)

    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(text).toContain('<script>')
  })

  test('gives away no token and no key', async () => {
    const { tokens } = sandbox.ready.github
    const secrets = [
      ...Object.values(tokens),
      ...Object.values(sandbox.ready.aws.keys).flatMap(
        ({ secretAccessKey, sessionToken = secretAccessKey }) => [secretAccessKey, sessionToken],
      ),
    ]
    const pages = await Promise.all(['/', `/acme/access/pull/${pull.pull}`].map((path) => got(path)))
    const chosen = await post('/session', 'person=olivia&back=/')
    const all = JSON.stringify([...pages, chosen])

    expect(secrets.filter((secret) => all.includes(secret))).toEqual([])
    expect(chosen.headers['set-cookie']).toEqual(['sandbox-person=olivia; Path=/; HttpOnly; SameSite=Strict'])
  })
})

describe('who may ask', () => {
  const order = 'advance=1h&back=/'

  test.each([
    ['no origin', {}],
    ['another site', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
  ])('a form from %s is refused, and does nothing', async (_, headers) => {
    const before = await clock()
    const { status } = await got('/clock', { form: order, ...headers })

    expect(status).toBe(403)
    expect((await clock()) - before).toBeLessThan(60_000)
  })

  test('another name for this machine is refused', async () => {
    expect((await got('/', { host: 'evil.example' })).status).toBe(403)
    expect((await got('/', { host: `127.0.0.1.evil.example` })).status).toBe(403)
  })

  test('a form leads back to this server only', async () => {
    for (const back of ['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])
      expect((await post('/session', `person=bob&back=${encodeURIComponent(back)}`)).headers.location).toBe(
        '/',
      )
  })

  test('nobody but the people of this world can be acted as', async () => {
    for (const person of ['nobody', '__proto__', 'constructor']) {
      expect((await got('/nothing/here', as(person))).text).toContain('<b>alice</b> may not see it')
      expect((await post('/session', `person=${person}`)).headers['set-cookie']).toBeUndefined()
    }
  })
})

describe('what is not there', () => {
  test.each([
    '/acme/nothing',
    '/acme/access/pull/99',
    '/acme/access/pull/x',
    '/acme/access/blob/main/nothing.md',
    '/acme/access/tree/no-such-branch',
    '/acme/access/commit/0000000000000000000000000000000000000000',
    '/acme/access/compare/main...nothing',
    '/acme/access/edit/main/nothing',
    '/acme/access/%zz',
    '/acme/access/blob/main/%2e%2e/%2e%2e/etc/passwd',
    '/s3/customer-exports/x?as=nobody',
    '/assets/serve.ts',
    '/a/b/c/d',
  ])('%s is a page that says so', async (path) => {
    const { status, text } = await got(path)

    expect([404, 422]).toContain(status)
    expect(text).toMatch(/<h1>(?:Nothing here|This could not be done)<\/h1>/)
  })
})

describe('the buttons', () => {
  test('do what the REST API would, and no more: the branch rules refuse', async () => {
    const head = await people
      .github('mallory')
      .pulls.get({ owner: 'acme', repo: 'access', pull_number: pull.pull })
    const place = `/acme/access/pull/${pull.pull}`
    const form = `method=merge&sha=${head.data.head.sha}&back=${place}`
    const merge = await post(`${place}/merge`, form, as('mallory'))

    expect(merge).toMatchObject({ status: 303, headers: { location: place } })
    const [cookie = ''] = merge.headers['set-cookie'] ?? []
    const shown = await got(place, { cookie: cookie.split(';')[0] ?? '' })
    expect(shown.text).toContain('At least 1 approving review is required by reviewers with write access.')
    expect((await got(place, { cookie: cookie.split(';')[0] ?? '' })).text).not.toContain('At least 1 app')
  })

  test('refuse an approval of one’s own request, in GitHub’s words', async () => {
    const place = `/acme/access/pull/${pull.pull}`
    const answer = await post(`${place}/answer`, `event=approve&commit=${pull.head}&back=${place}`)
    const [cookie = ''] = answer.headers['set-cookie'] ?? []

    expect((await got(place, { cookie: cookie.split(';')[0] ?? '' })).text).toContain(
      'Can not approve your own pull request',
    )
  })

  test('keep what was written where a commit is refused', async () => {
    const form = new URLSearchParams({
      filename: 'README.md',
      content: 'mine\r\n',
      to: 'here',
      message: 'Push past the rules',
    })
    const { status, text } = await post('/acme/access/new/main', String(form), as('mallory'))

    expect(status).toBe(422)
    expect(text).toMatch(/role="alert"[\s\S]*Refused/)
    expect(text).toContain('mine\n</textarea>')
    const { data } = await people.github('root').repos.listCommits({ owner: 'acme', repo: 'access' })
    expect(data).toHaveLength(1)
  })

  test('leave no branch behind where the commit on it was refused', async () => {
    const form = new URLSearchParams({
      filename: '../../x',
      content: 'x',
      to: 'new',
      'new-branch': 'left-over',
    })
    const { status } = await post('/acme/access/new/main', String(form))

    expect(status).toBe(422)
    expect((await got('/acme/access/branches')).text).not.toContain('left-over')
  })

  test('commit the bytes that were written, and nothing of the form', async () => {
    const text = '\n  first line is empty\t\nzwölf\n\n'
    const form = new URLSearchParams({
      filename: 'notes/a b.txt',
      content: text.replaceAll('\n', '\r\n'),
      to: 'new',
      'new-branch': 'notes',
    })
    const { status, headers } = await post('/acme/access/new/main', String(form))

    expect(status).toBe(303)
    expect(headers.location).toBe('/acme/access/compare/main...notes')
    expect((await got('/acme/access/raw/notes/notes/a%20b.txt')).text).toBe(text)
    const edit = await got('/acme/access/edit/notes/notes/a%20b.txt')
    expect(edit.text).toContain(`spellcheck="false">\n${text}</textarea>`)
  })
})

test('the link in access-requests/README.md opens the page for a new file, filled in', async () => {
  const readme = readFileSync(new URL('../../../access-requests/README.md', import.meta.url), 'utf8')
  const link = /\]\(https:\/\/github\.com\/OWNER\/REPO(\/new\/[^)]*)\)/.exec(readme)?.[1] ?? ''
  const { status, text } = await got(`/acme/access${link}`)

  expect(status).toBe(200)
  expect(text).toContain('value="access-requests/ACCOUNT/BUCKET/NAME.yaml"')
  expect(text).toMatch(
    /\nrequester: LOGIN\nreason: [^\n]*\nprefixes: \[FOLDER\/\]\nduration: 4h\n<\/textarea>/,
  )
})

test('a page that looks again spends nothing of the rate limit for what has not changed', async () => {
  const spent = async () => {
    const { data } = await new Octokit({
      auth: sandbox.ready.github.tokens.oscar,
      baseUrl: `${url}/api/v3`,
    }).rateLimit.get()
    return data.rate.used
  }
  const place = `/acme/access/pull/${pull.pull}`
  await got(place, as('oscar'))
  const before = await spent()
  await got(place, as('oscar'))

  expect(await spent()).toBe(before)
})

async function clock(): Promise<number> {
  const response = await fetch(`${sandbox.ready.control.url}/clock`)
  return Date.parse(((await response.json()) as { now: string }).now)
}
