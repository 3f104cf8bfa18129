import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatReceipt, type Receipt, receiptOf } from '../../src/core/receipt.ts'
import { ed25519Signer } from '../../src/core/receipt-signature.ts'
import { revertTexts } from '../../src/core/revert-texts.ts'
import { identity, judged, lent, requestText, testKey } from '../core/samples.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { APP, type Author, BEGIN, blobId, importInto, writeHistory } from './history.ts'
import { makeRepository, type Repository, runCli } from './run-cli.ts'

const ours = testKey(1)
const theirs = testKey(2)
const sign = ed25519Signer(ours.privatePem)
const FOLDER = 'access-requests/prod/customer-exports'
const RULES = `buckets:
  - { account: prod, bucket: '*', max_duration: 12h, whole_bucket: allowed }
people: { alice: { iam_user: alice } }
`
const HOSTILE = `=HYPERLINK("http://evil.example") </td><script>alert(1)</script> \u202egnp.exe \u001b[31m`
const AT = ['--at', '2026-11-24T20:00:00Z']

interface Answer {
  readonly commit: string
  readonly counts: {
    readonly anomalies: readonly { readonly name: string; readonly count: number }[]
    readonly approvers: readonly { readonly name: string; readonly count: number }[]
  }
  readonly requests: readonly Row[]
}
interface Row {
  readonly path: string
  readonly state: string
  readonly proof: string
  readonly pull?: number
  readonly requester?: string
  readonly reason?: string
  readonly endedBecause?: string
  readonly until?: string
  readonly anomalies: readonly { readonly code: string; readonly message: string }[]
}

let repository: Repository

/** One minute later each time, beginning when the sample's window does. */
let minutes = 0
const tick = () => judged.window.start + minutes++ * 60

const pathOf = (name: string) => `${FOLDER}/${name}.yaml`

function receipt(name: string, pull: number, changes: Partial<Receipt> = {}, text = requestText): Receipt {
  return {
    ...receiptOf({ ...identity, path: pathOf(name), pull }, lent, {
      at: judged.window.end,
      because: 'expired',
    }),
    blob: blobId(text),
    ...changes,
  }
}

/** As the app writes it. */
const refusal = (pull: number) =>
  revertTexts({ ...identity, pull }, { kind: 'rejected', code: 'approvals-missing' }).commitMessage

beforeAll(async () => {
  repository = await makeRepository({
    'ours.pem': ours.publicPem,
    'theirs.pem': theirs.publicPem,
    'private.pem': ours.privatePem,
  })
  const git = importInto(repository.root)
  const add = (name: string, pull: number, text = requestText) =>
    git.merge(tick(), pull, `Ask for ${name}`, git.file(pathOf(name), text))
  const remove = (name: string, message: string, author?: Author) =>
    git.merge(tick(), 900, message, `D ${pathOf(name)}`, author)
  git.push(tick(), 'Begin', git.file('.github/daypass.yml', RULES))

  add('signed', 1)
  remove('signed', formatReceipt(receipt('signed', 1), sign))

  const hostile = requestText.replace(/^reason: .*$/m, `reason: ${JSON.stringify(HOSTILE)}`)
  add('hostile', 2, hostile)
  const named = {
    reason: HOSTILE,
    requester: { login: '@SUM(1)', id: 7 },
    extensions: [
      {
        pull: -2,
        until: judged.window.end,
        reason: HOSTILE,
        ticket: HOSTILE,
        approvals: [{ login: HOSTILE, id: 8, commit: HOSTILE, at: judged.window.start }],
        mergedBy: { login: HOSTILE, id: 9 },
      },
    ],
  }
  remove('hostile', formatReceipt(receipt('hostile', 2, named, hostile), sign))

  add('claimed', 3)
  remove('claimed', formatReceipt(receipt('claimed', 3)))

  add('altered', 4)
  remove('altered', formatReceipt(receipt('altered', 4), sign).replace('"alice"', '"mallory"'))

  add('silent', 5)
  remove('silent', 'Tidy up')

  add('refused', 6)
  remove('refused', refusal(6), APP)

  git.push(tick(), 'Add it myself', git.file(pathOf('pushed'), requestText))

  const writtenAt = judged.window.start + minutes * 60
  const commit = await git.shaOf(add('fast', 8))
  const until = judged.window.start + 12 * 3600
  const approvals = [{ login: 'alice', id: 501, commit, at: writtenAt + 4 }]
  remove('fast', formatReceipt(receipt('fast', 8, { approvals, until, endedAt: until + 300 }), sign))

  // The same file asked for again, and taken out with the receipt of the first time.
  add('signed', 9)
  remove('signed', formatReceipt(receipt('signed', 1), sign))

  add('squashed', 10)
  git.push(tick(), formatReceipt(receipt('squashed', 10), sign), `D ${pathOf('squashed')}`)

  // A revert whose branch was brought up to date before it was merged.
  add('behind', 11)
  const message = formatReceipt(receipt('behind', 11, { requester: { login: 'bob', id: 502 } }), sign)
  const revert = git.commit('revert', tick(), message, [git.main()], `D ${pathOf('behind')}`)
  const open = requestText.replace('4h', '6h')
  add('open', 12, open)
  const updated = git.commit(
    'revert',
    tick(),
    'Update the branch',
    [revert, git.main()],
    git.file(pathOf('open'), open),
  )
  git.commit(
    'main',
    tick(),
    'Merge pull request #900 from acme/revert',
    [git.main(), updated],
    `D ${pathOf('behind')}`,
  )

  // Made longer by a pull request of its own.
  add('extended', 13)
  const longer = requestText.replace('4h', '8h')
  git.merge(tick(), 14, 'Extend it', git.file(pathOf('extended'), longer))
  const oscar = { login: 'oscar', id: 503 }
  const again = [{ ...oscar, commit, at: until }]
  const extensions = [
    { pull: 14, until: until - 4 * 3600, reason: 'It takes longer', approvals: again, mergedBy: oscar },
  ]
  const extended = {
    extensions,
    until: until - 4 * 3600,
    endedAt: until - 4 * 3600,
    lastUsed: { at: until - 5 * 3600, region: 'eu-central-1' },
  }
  remove('extended', formatReceipt(receipt('extended', 13, extended, longer), sign))

  // Made longer twice: once by nobody, and once by whoever asked for it.
  add('alone', 15)
  git.merge(tick(), 16, 'Extend it', git.file(pathOf('alone'), longer))
  const own = [{ login: 'Alice', id: 501, commit, at: writtenAt + 7 }]
  const alone = [
    { pull: 16, until: judged.window.end, reason: 'More', approvals: [], mergedBy: oscar },
    { pull: 17, until: judged.window.end, reason: 'Even more', approvals: own, mergedBy: oscar },
  ]
  remove('alone', formatReceipt(receipt('alone', 15, { extensions: alone }, longer), sign))
  await git.end()
})
afterAll(() => repository.remove())

const audit = (...args: string[]) => runCli(['audit', ...AT, ...args], { cwd: repository.root })
const KEY = ['--key', 'ours.pem']
const byName = ({ requests }: Answer, name: string) => requests.filter(({ path }) => path === pathOf(name))

describe('daypass audit', () => {
  let checked: Answer

  beforeAll(async () => {
    checked = (await audit('--json', ...KEY)).json()
  })

  test('tells of every request what its receipt proves', () => {
    const told = checked.requests.map(({ path, state, proof, pull, anomalies }) => [
      path.slice(FOLDER.length + 1, -'.yaml'.length),
      state,
      proof,
      pull,
      anomalies.map(({ code }) => code).join(' '),
    ])

    expect(told).toEqual([
      ['signed', 'ended', 'signed', 1, ''],
      ['hostile', 'ended', 'signed', 2, ''],
      ['claimed', 'ended', 'claimed', 3, 'unsigned-receipt'],
      ['altered', 'removed', 'forged', 4, 'forged-receipt'],
      ['silent', 'removed', 'none', 5, 'no-receipt'],
      ['refused', 'refused', 'none', 6, ''],
      ['pushed', 'over', 'none', undefined, 'direct-push'],
      ['fast', 'ended', 'signed', 8, 'self-approval ended-late approved-fast window-at-limit'],
      ['signed', 'removed', 'forged', 9, 'forged-receipt'],
      ['squashed', 'ended', 'signed', 10, ''],
      ['behind', 'ended', 'signed', 11, ''],
      ['open', 'over', 'none', 12, ''],
      ['extended', 'ended', 'signed', 13, ''],
      ['alone', 'ended', 'signed', 15, 'self-approval no-approval approved-fast'],
    ])
  })

  test('never tells what a forged receipt says', () => {
    expect(JSON.stringify(checked)).not.toContain('mallory')
    expect(byName(checked, 'altered')[0]).toMatchObject({ requester: 'alice' })
  })

  test('says until when an extended access lasted, and when it was last used', () => {
    expect(byName(checked, 'extended')[0]).toMatchObject({
      until: '2026-11-24T17:00:00Z',
      lastUsed: '2026-11-24T16:00:00Z',
    })
  })

  test('says what extended an access, and who approved and merged that', () => {
    expect(byName(checked, 'extended')[0]).toMatchObject({
      approvals: [{ login: 'olivia' }],
      extensions: [
        {
          pull: 14,
          until: '2026-11-24T17:00:00Z',
          reason: 'It takes longer',
          approvals: [{ login: 'oscar', at: '2026-11-24T21:00:00Z' }],
          mergedBy: 'oscar',
        },
      ],
    })
  })

  test('finds odd in an extension what would be odd in a request', () => {
    expect(byName(checked, 'alone')[0]?.anomalies.map(({ message }) => message)).toEqual([
      'Alice approved their own extension (#17).',
      'Its receipt names nobody who approved its extension (#16).',
      'Alice approved its extension (#17) 7 s after it was written.',
    ])
  })

  test('counts a person once for a request, however much of it they approved', () => {
    const { approvers } = checked.counts
    expect(approvers).toContainEqual({ name: 'oscar', count: 1 })
    expect(approvers).toContainEqual({ name: 'olivia', count: 7 })
  })

  test('says open of what is open at the time that is asked for', async () => {
    const { requests } = (
      await runCli(['audit', '--json', '--at', '2026-11-24T09:30:00Z'], { cwd: repository.root })
    ).json<Answer>()

    expect(requests.filter(({ state }) => state === 'open').map(({ path }) => path)).toEqual([
      pathOf('pushed'),
      pathOf('open'),
    ])
  })

  test('takes nothing for proven without a key, nor with somebody else’s', async () => {
    const without = (await audit('--json')).json<Answer>()
    const other = (await audit('--json', '--key', 'theirs.pem')).json<Answer>()
    const both = (await audit('--json', '--key', 'theirs.pem', ...KEY)).json<Answer>()

    expect(byName(without, 'squashed')[0]).toMatchObject({ proof: 'claimed', anomalies: [] })
    expect(byName(other, 'squashed')[0]).toMatchObject({
      proof: 'claimed',
      anomalies: [
        {
          code: 'unsigned-receipt',
          message: expect.stringMatching(/names key [0-9a-f]{16}, and not [0-9a-f]{16}, which was given/),
        },
      ],
    })
    expect(both.requests).toEqual(checked.requests)
  })

  test.each([
    ['--person', 'BOB', ['behind']],
    ['--approver', 'alice', ['fast', 'alone']],
    ['--approver', 'Oscar', ['extended']],
    ['--state', 'refused', ['refused']],
    ['--bucket', 'elsewhere', []],
    ['--since', '2026-11-24T15:30:00Z', ['fast', 'extended']],
    ['--until', '2026-11-24T09:00:00Z', []],
  ])('shows only what is wanted: %s %s', async (flag, value, expected) => {
    const { requests } = (await audit('--json', ...KEY, flag, value)).json<Answer>()

    expect(requests.map(({ path }) => path)).toEqual(expected.map(pathOf))
  })

  test('reads on a terminal: what is odd first, then counts, then line by line', async () => {
    const { stdout, code } = await audit(...KEY)

    expect(code).toBe(0)
    expectGolden('cli-audit', stdout.replace(/\b[0-9a-f]{7}\b/g, 'COMMIT'))
  })

  test.each([
    [
      '--bucket',
      'customer-export',
      'request for the bucket `customer-export`. Did you mean `customer-exports`?',
    ],
    [
      '--bucket',
      'Customer-Exports',
      'request for the bucket `Customer-Exports`. Did you mean `customer-exports`?',
    ],
    ['--account', '999999999999', 'request in the account `999999999999`.'],
    ['--person', 'zoe', 'request of `zoe`.'],
    ['--approver', 'olivio', 'approval by `olivio`. Did you mean `olivia`?'],
  ])('says where the history holds no such name: %s %s', async (flag, value, told) => {
    const { code, stdout, stderr } = await audit(...KEY, flag, value)

    expect(code).toBe(0)
    expect(stdout).toContain('0 requests')
    expect(stderr).toBe(`note: The history holds no ${told}\n`)
  })

  test('knows a name of which nothing is wanted now', async () => {
    const { stderr } = await audit(...KEY, '--person', 'BOB', '--account', '111122223333', '--state', 'open')

    expect(stderr).toBe('')
  })

  test('says of how many it found nothing odd, and what is odd where something is', async () => {
    const sound = await audit(...KEY, '--anomalies', '--person', 'bob')
    const none = await audit(...KEY, '--anomalies', '--person', 'bob', '--state', 'open')
    const odd = await audit(...KEY, '--anomalies', '--state', 'ended')

    expect([sound.code, sound.stdout]).toEqual([0, 'Nothing odd in 1 request\n'])
    expect(none.stdout).toContain('0 requests')
    expect(odd.stdout).toContain('\n3 requests\n')
  })

  test('gives spreadsheets no formula, and keeps what was written', async () => {
    const { stdout } = await audit('--format', 'csv', ...KEY)

    expectGolden('cli-audit-csv', stdout.replace(/\b[0-9a-f]{40}\b/g, 'COMMIT').replaceAll('\r\n', '\n'))
    expect(stdout).toContain(`"'=HYPERLINK(""http://evil.example"")`)
    expect(stdout).toContain(`"'@SUM(1)"`)
    for (const cell of stdout.split(/\r\n|,/)) expect(cell).not.toMatch(/^"?[=+\-@\t]/)
  })

  test('makes one page that loads nothing, runs nothing and shows hostile text as text', async () => {
    const file = join(repository.root, 'report.html')
    const { code } = await audit('--format', 'html', '--output', file, ...KEY)
    const page = readFileSync(file, 'utf8')

    expect(code).toBe(0)
    expectGolden('cli-audit-html', page.replace(/\b[0-9a-f]{7,40}\b(?=[^&])/g, 'COMMIT'))
    expect(page).toContain('<b class="good">7</b>signed receipts')
    expect((await audit('--format', 'html')).stdout).toContain('<b class="">0</b>signed receipts')
    expect(page).toContain('default-src &#39;none&#39;; style-src &#39;sha256-')
    expect(page).toContain('&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt; &lt;U+202E&gt;gnp.exe')
    expect(page).not.toMatch(
      /<script|<link|<img|<iframe|<a |\son\w+=|\sstyle=|https?:\/\/(?!evil)|javascript:/i,
    )
    for (const name of ['forged-receipt', 'no-receipt', 'Every request', '<svg']) expect(page).toContain(name)
    expect(page.indexOf('forged-receipt')).toBeLessThan(page.indexOf('Every request'))
  })

  test('needs no network, no remote and no working tree', async () => {
    repository.git('clone', '--quiet', '--bare', repository.root, 'bare.git')
    const answer = (
      await runCli(['audit', '--json', ...AT, '--key', '../ours.pem'], {
        cwd: join(repository.root, 'bare.git'),
        env: { GIT_ALLOW_PROTOCOL: 'none' },
      })
    ).json<Answer>()

    expect(answer.requests).toEqual(checked.requests)
  })

  test('reads the branch of the remote, though somebody gave its name to a tag', async () => {
    const head = repository.git('rev-parse', 'HEAD')
    const before = (await audit('--json', ...KEY)).stdout
    for (const branch of ['main', 'master']) {
      repository.git('update-ref', `refs/remotes/origin/${branch}`, head)
      repository.git('tag', `origin/${branch}`, `${head}~3`)
      const { stdout } = await audit('--json', ...KEY)
      repository.git('tag', '-d', `origin/${branch}`)
      repository.git('update-ref', '-d', `refs/remotes/origin/${branch}`)
      expect(stdout).toBe(before)
    }
  })

  test('refuses a clone that holds only part of the history', async () => {
    repository.git('clone', '--quiet', '--depth', '1', `file://${repository.root}`, 'shallow')
    const { code, stderr } = await runCli(['audit'], { cwd: join(repository.root, 'shallow') })

    expect(code).toBe(3)
    expect(stderr).toContain('git fetch --unshallow')
  })

  test('shows the history as it is, whatever was put in its place in the clone', async () => {
    const blob = blobId(requestText)
    await repository.write('other.yaml', requestText.replace('alice', 'mallory'))
    const other = repository.git('hash-object', '-w', 'other.yaml')
    repository.git('replace', blob, other)
    const { stdout } = await audit('--json', ...KEY)
    repository.git('replace', '-d', blob)

    expect(stdout).not.toContain('mallory')
  })

  test('writes no table into a file, and says so', async () => {
    const file = join(repository.root, 'report.txt')
    const { code, stderr, stdout } = await audit('--output', file, ...KEY)

    expect(code).toBe(2)
    expect(stderr).toContain('--format csv, json or html')
    expect(stdout).toBe('')
    expect(existsSync(file)).toBe(false)
  })

  test('refuses a private key, and a file that holds none', async () => {
    const secret = await audit('--key', 'private.pem')
    const none = await audit('--key', '.git/HEAD')

    expect([secret.code, none.code]).toEqual([2, 3])
    expect(secret.stderr).not.toContain('MC4C')
  })
})

test('what stands and was only made longer by a pull request is not odd, whatever else changed it is', async () => {
  const standing = await makeRepository()
  const git = importInto(standing.root)
  const from = judged.window.start
  git.push(from, 'Begin', git.file('.github/daypass.yml', RULES))
  const longer = requestText.replace('4h', '6h').replace(/reason: .+/, 'reason: It takes longer than that')
  const change = (name: string, text: string, pull?: number) => {
    git.merge(from, 1, 'Ask', git.file(pathOf(name), requestText))
    if (pull === undefined) git.push(from + 60, 'Extend it', git.file(pathOf(name), text))
    else git.merge(from + 60, pull, 'Extend it', git.file(pathOf(name), text))
  }
  change('longer', longer, 2)
  change('pushed', longer)
  change('shorter', requestText.replace('4h', '1h'), 3)
  change('wider', longer.replace('2026/11', '2026'), 4)
  await git.end()
  const at = new Date((from + 3600) * 1000).toISOString().replace('.000', '')
  const { json } = await runCli(['audit', '--json', '--at', at], { cwd: standing.root })
  await standing.remove()

  const odd = (name: string) => byName(json(), name)[0]?.anomalies.map(({ code }) => code)
  expect(['longer', 'pushed', 'shorter', 'wider'].map(odd)).toEqual([
    [],
    ['file-changed'],
    ['file-changed'],
    ['file-changed'],
  ])
})

describe('a refusal, which nobody signs', () => {
  let claims: Repository
  let answer: Answer
  const DAY = 86_400
  const oddOf = (name: string) => byName(answer, name)[0]?.anomalies.map(({ message }) => message)
  const unproven = (doubt: string) => [
    `A commit says that it was refused, but ${doubt}. Nobody signs a refusal: only \`audit --verify\` can tell.`,
  ]

  beforeAll(async () => {
    claims = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(claims.root)
    let at = judged.window.start
    const next = () => {
      at += 60
      return at
    }
    const add = (name: string, pull: number, text = requestText) =>
      git.merge(next(), pull, `Ask for ${name}`, git.file(pathOf(name), text))
    const removal = (name: string) => `D ${pathOf(name)}`
    git.push(next(), 'Begin', git.file('.github/daypass.yml', RULES))

    add('merged', 1)
    git.merge(next(), 900, refusal(1), removal('merged'), APP)
    add('squashed', 2)
    git.push(next(), refusal(2).replace('(#2)', '(#2) (#901)'), removal('squashed'), APP)
    add('waited', 3)
    git.push(next() + 9 * DAY, refusal(3), removal('waited'), { ...APP, at })
    git.push(next(), 'Add it myself', git.file(pathOf('pushed'), requestText))
    git.merge(next() + 9 * DAY, 902, refusal(0), removal('pushed'), APP)
    add('extended', 4)
    add('extended', 5, requestText.replace('4h', '8h'))
    git.merge(next(), 903, refusal(5), removal('extended'), APP)
    add('elsewhere', 6)
    const name = 'daypass[bot] <7+daypass[bot]@users.noreply.acme.ghe.com>'
    git.merge(next(), 904, refusal(6), removal('elsewhere'), { name })

    add('forged', 11)
    git.merge(next(), 910, refusal(11), removal('forged'))
    add('renamed', 12)
    git.push(next(), refusal(12), removal('renamed'), { name: 'daypass[bot] <mallory@acme.example>' })
    add('copied', 13)
    git.merge(next(), 911, refusal(1), removal('copied'), APP)
    add('picked', 14)
    git.merge(next(), 912, refusal(14), removal('picked'), { ...APP, at: judged.window.start })
    add('late', 15)
    git.merge(next() + 3 * DAY, 913, refusal(15), removal('late'), APP)
    add('one', 16)
    add('two', 16)
    git.merge(next(), 914, refusal(16), `${removal('one')}\n${removal('two')}`, APP)
    await git.end()
    answer = (await runCli(['audit', '--json', '--key', 'ours.pem'], { cwd: claims.root })).json()
  })
  afterAll(() => claims.remove())

  test.each([
    ['merged', []],
    ['squashed', []],
    ['waited', []],
    ['pushed', ['direct-push']],
    ['extended', ['file-changed']],
    ['elsewhere', []],
  ])('is believed where the app wrote it: %s', (name, odd) => {
    expect(byName(answer, name)).toMatchObject([{ state: 'refused' }])
    expect(byName(answer, name)[0]?.anomalies.map(({ code }) => code)).toEqual(odd)
  })

  test.each([
    ['forged', "its author is somebody@acme.example, which is no app's account"],
    ['renamed', "its author is mallory@acme.example, which is no app's account"],
    ['copied', 'it speaks of #1, which did not bring the file'],
    ['picked', 'it was written before the file had come'],
    ['late', 'it was written 3 d after the file had come'],
    ['one', 'it did more than to take out this file'],
    ['two', 'it did more than to take out this file'],
  ])('is odd where the app would not have written it so: %s', (name, doubt) => {
    expect(oddOf(name)).toEqual(unproven(doubt))
  })
})

/** A `git` before the real one that notes how often it was started. */
async function countGit({ root, write }: Repository): Promise<{ path: string; started: () => number }> {
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
  await write('counting/git', `#!/bin/sh\necho started >> '${root}/started'\nexec '${real}' "$@"\n`)
  await chmod(join(root, 'counting/git'), 0o755)
  return {
    path: `${join(root, 'counting')}:${process.env.PATH}`,
    started: () => readFileSync(join(root, 'started'), 'utf8').trim().split('\n').length,
  }
}

/** The figure depends on the machine: FULL=1 prints it, and docs/audit.md has one. In any case enough that signatures are checked by threads. */
const REQUESTS = process.env.FULL ? 100_000 : 600
/** However long the history is: seven ask what the clone is and where its branch stands, three read it. */
const MOST_GIT_PROCESSES = 11
const ODD = ['no-receipt', 'forged', 'unsigned', 'pushed', 'self', 'late', 'still-open', 'refused'] as const

test(`${REQUESTS} requests are read, and every odd one among them is found`, {
  timeout: 1_800_000,
}, async () => {
  const long = await makeRepository({ 'key.pem': ours.publicPem })
  try {
    // Every tenth is odd, of each kind in turn.
    const odd = (n: number) => (n % 10 === 0 ? ODD[(n / 10) % ODD.length] : undefined)
    await writeHistory(long.root, { requests: REQUESTS, privateKey: ours.privatePem, odd })
    const at = new Date((BEGIN + REQUESTS * 600 + 30 * 86_400) * 1000).toISOString().replace(/\.\d+/, '')
    const git = await countGit(long)
    const began = performance.now()
    const { code, json } = await runCli(['audit', '--json', '--key', 'key.pem', '--at', at], {
      cwd: long.root,
      env: { PATH: git.path },
    })
    const seconds = (performance.now() - began) / 1000
    const { counts, requests } = json<Answer>()
    const expected = (kind: (typeof ODD)[number]) =>
      Array.from({ length: Math.floor(REQUESTS / 10) }, (_, i) => odd((i + 1) * 10)).filter(
        (found) => found === kind,
      ).length
    const found = (name: string) => counts.anomalies.find((anomaly) => anomaly.name === name)?.count ?? 0

    expect(code).toBe(0)
    expect(requests.length).toBe(REQUESTS)
    expect(found('unproven-refusal')).toBe(0)
    expect(git.started()).toBeLessThanOrEqual(MOST_GIT_PROCESSES)
    expect({
      'no-receipt': found('no-receipt'),
      forged: found('forged-receipt'),
      unsigned: found('unsigned-receipt'),
      self: found('self-approval'),
      late: found('ended-late'),
      'still-open': found('still-there'),
      refused: requests.filter(({ state }) => state === 'refused').length,
    }).toEqual(
      Object.fromEntries(ODD.filter((kind) => kind !== 'pushed').map((kind) => [kind, expected(kind)])),
    )
    if (process.env.FULL) console.log(`${REQUESTS} requests were audited in ${seconds.toFixed(1)} s`)
  } finally {
    await long.remove()
  }
})

describe('a history that hides something', () => {
  /** #1 was lent and is over, by a signed receipt, as the app writes it. */
  async function lentOnce(): Promise<Repository> {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(one.root)
    git.push(tick(), 'Begin', git.file('.github/daypass.yml', RULES))
    git.merge(tick(), 1, 'Ask for lent', git.file(pathOf('lent'), requestText))
    git.merge(tick(), 2, formatReceipt(receipt('lent', 1), sign), `D ${pathOf('lent')}`)
    await git.end()
    return one
  }
  const audited = async (
    { root }: Repository,
    env: Readonly<Record<string, string>> = {},
    ...args: string[]
  ) => {
    const options = ['audit', '--key', 'ours.pem', '--json', ...AT, ...args]
    const ran = await runCli(options, { cwd: root, env })
    expect(ran.code, ran.stderr).toBe(0)
    return ran.json<Answer>().requests
  }

  test('a merge on the wrong parent hides nothing that was signed', async () => {
    const one = await lentOnce()
    const [begin, tree] = [one.git('rev-parse', 'main~2'), one.git('rev-parse', 'main^{tree}')]
    one.git(
      'update-ref',
      'refs/heads/main',
      one.git('commit-tree', tree, '-p', begin, '-p', 'main', '-m', 'Sync'),
    )

    expect(await audited(one)).toMatchObject([
      {
        path: pathOf('lent'),
        pull: 1,
        state: 'ended',
        proof: 'signed',
        anomalies: [{ code: 'off-the-line' }],
      },
    ])
    await one.remove()
  })

  test('nor does a refusal that is laid on top of a receipt', async () => {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(one.root)
    git.push(tick(), 'Begin', git.file('.github/daypass.yml', RULES))
    git.merge(tick(), 1, 'Ask for lent', git.file(pathOf('lent'), requestText))
    const main = git.main()
    const change = `D ${pathOf('lent')}`
    const true1 = git.commit('revert', tick(), formatReceipt(receipt('lent', 1), sign), [main], change, APP)
    const laid = git.commit('revert', tick(), refusal(1), [true1], '', APP)
    git.commit('main', tick(), 'Merge pull request #2 from acme/revert', [main, laid], change)
    await git.end()

    expect((await audited(one)).map(({ state, proof }) => [state, proof])).toEqual([
      ['refused', 'none'],
      ['ended', 'signed'],
    ])
    await one.remove()
  })

  test('a made-up receipt that came first does not make the true one a forgery', async () => {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(one.root)
    git.push(tick(), 'Begin', git.file('.github/daypass.yml', RULES))
    for (const by of [undefined, sign]) {
      git.merge(tick(), 1, 'Ask for lent', git.file(pathOf('lent'), requestText))
      git.merge(tick(), 2, formatReceipt(receipt('lent', 1), by), `D ${pathOf('lent')}`)
    }
    await git.end()

    expect((await audited(one)).map(({ proof }) => proof)).toEqual(['forged', 'signed'])
    await one.remove()
  })

  test('a true receipt of an access that was over before the file came is not its own', async () => {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(one.root)
    const later = judged.window.end + 30 * 86_400
    git.push(tick(), 'Begin', git.file('.github/daypass.yml', RULES))
    git.push(later, 'Same bytes', git.file(pathOf('lent'), requestText))
    git.push(later + 60, formatReceipt(receipt('lent', 1), sign), `D ${pathOf('lent')}`)
    await git.end()

    expect((await audited(one, {}, '--at', '2027-01-01T00:00:00Z'))[0]).toMatchObject({ proof: 'forged' })
    await one.remove()
  })

  test.each([
    ['log.diffMerges', 'off'],
    ['log.diffMerges', 'remerge'],
    ['i18n.logOutputEncoding', 'UTF-16'],
    ['log.showRoot', 'false'],
    ['diff.orderFile', '/nowhere'],
  ])('what git is told by %s = %s changes nothing', async (name, value) => {
    const one = await lentOnce()
    one.git('config', name, value)

    expect(await audited(one)).toMatchObject([{ pull: 1, state: 'ended', proof: 'signed' }])
    await one.remove()
  })

  test('nor do grafts, a folder of git that the environment names, or a tag with the name of the branch', async () => {
    const one = await lentOnce()
    const other = await lentOnce()
    other.git('update-ref', 'refs/heads/main', other.git('rev-parse', 'main~2'))
    one.git('tag', 'main', 'main~2')
    one.git('update-ref', 'refs/remotes/origin/main', 'refs/heads/main')
    await one.write(
      '.git/info/grafts',
      `${one.git('rev-parse', 'refs/heads/main')} ${one.git('rev-parse', 'refs/heads/main~2')}\n`,
    )

    for (const ref of ['main', 'origin/main'])
      expect(await audited(one, { GIT_DIR: join(other.root, '.git') }, '--ref', ref)).toMatchObject([
        { pull: 1, state: 'ended', proof: 'signed' },
      ])
    await Promise.all([one.remove(), other.remove()])
  })

  test('a commit from the year 270000 is read like any other', async () => {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    const git = importInto(one.root)
    git.push(8_640_000_000_001, 'From afar', git.file(pathOf('far'), requestText))
    await git.end()

    expect(await audited(one)).toMatchObject([{ path: pathOf('far') }])
    await one.remove()
  })

  test('an object that the clone lost is told, and nothing waits for it', async () => {
    const one = await makeRepository({ 'ours.pem': ours.publicPem })
    await one.write(pathOf('lost'), requestText)
    one.commit('Ask (#1)')
    const blob = one.git('rev-parse', `main:${pathOf('lost')}`)
    await rm(join(one.root, '.git/objects', blob.slice(0, 2), blob.slice(2)))
    const { code, stderr } = await runCli(['audit', ...AT], { cwd: one.root })

    expect(code).toBe(3)
    expect(stderr).toContain(`does not hold the object ${blob.slice(0, 12)}`)
    await one.remove()
  })
})
