import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  ListRolePoliciesCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatReceipt, parseReceipt, type Receipt } from '../../src/core/receipt.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'
import { makeRepository, type Ran, type Repository, runAlone, runCli, runProcess } from './run-cli.ts'

/** The history is written first, then everything that happens to people and roles since, then GitHub and IAM are asked again. */
let world: TestWorld
let clone: Repository
let repository: string
let ran: Ran
/** Pull requests that extended others, or are said to have. */
let longer: MergedRequest
let longerByOscar: MergedRequest
let longerRebased: MergedRequest
let unapproved: MergedRequest

const FOLDER = 'access-requests/prod/customer-exports'
const pathOf = (name: string) => `${FOLDER}/${name}.yaml`

interface Answer {
  readonly requests: readonly {
    readonly path: string
    readonly state: string
    readonly proof: string
    readonly anomalies: readonly { readonly code: string }[]
    readonly verified: {
      readonly outcome: string
      readonly findings: readonly {
        readonly about: string
        readonly extension?: number
        readonly outcome: string
        readonly why: string
      }[]
    }
  }[]
}

const told = (name: string) => ran.json<Answer>().requests.find(({ path }) => path === pathOf(name))
const verified = (name: string) => told(name)?.verified

/** What does not hold. */
const against = (name: string) =>
  verified(name)
    ?.findings.filter(({ outcome }) => outcome !== 'holds')
    .map(({ about, extension, why }) => `${about}${extension ? ` of #${extension}` : ''}: ${why}`)

function audit(...args: string[]): Promise<Ran> {
  const { aws, github } = world.ready
  const keys = aws.keys.root
  return runCli(
    [
      'audit',
      '--verify',
      '--key',
      'receipts.pub',
      '--github-url',
      github.url,
      '--ref',
      'origin/main',
      ...args,
    ],
    {
      cwd: clone.root,
      env: {
        GITHUB_TOKEN: github.tokens.root ?? '',
        AWS_ACCESS_KEY_ID: keys?.accessKeyId ?? '',
        AWS_SECRET_ACCESS_KEY: keys?.secretAccessKey ?? '',
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_REGION: aws.region,
      },
    },
  )
}

const grant = (name: string, approver = 'olivia', duration = '30m') =>
  world.grant({ login: 'alice', approver }, repository, pathOf(name), requestYaml({ duration }))

async function extend(
  { path, branch }: MergedRequest,
  by: string,
  approver?: string,
): Promise<MergedRequest> {
  const files = { [path]: requestYaml({ duration: '40m' }) }
  const opened = await world.propose(by, repository, { branch: `${branch}-longer`, files })
  if (approver === undefined) return { ...opened, ...(await world.merge(by, opened)) }
  await world.settled()
  await world.approve(approver, opened)
  const merged = await world.merge(approver, opened)
  await world.settled()
  return { ...opened, ...merged }
}

/** Each of the two stands on the branch for a while. */
async function extendInTwoCommits({ path, branch: old }: MergedRequest): Promise<MergedRequest> {
  const branch = `${old}-longer`
  const files = (duration: string) => ({ [path]: requestYaml({ duration }) })
  const opened = await world.propose('alice', repository, { branch, files: files('35m') })
  const head = await world.commit('alice', repository, branch, files('40m'))
  await world.settled()
  await world.approve('olivia', { ...opened, head })
  const merged = await world.mergeAs('olivia', { ...opened, head }, 'rebase')
  await world.settled()
  return merged
}

const dismiss = async ({ pull: pull_number }: MergedRequest) => {
  const at = { ...named(repository), pull_number }
  const { data } = await world.github('root').pulls.listReviews(at)
  await world
    .github('root')
    .pulls.dismissReview({ ...at, review_id: data[0]?.id ?? 0, message: 'Not any more' })
}

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
  const honest = await grant('honest')
  await grant('left', 'oscar')
  const dismissed = await grant('dismissed')
  longer = await extend(await grant('longer'), 'alice', 'olivia')
  longerByOscar = await extend(await grant('longer-left'), 'alice', 'oscar')
  longerRebased = await extendInTwoCommits(await grant('longer-rebased'))
  await world.advance('41m')
  await world.settled()
  const unasked = requestYaml({ requester: 'mallory', duration: '30m' })
  await world.merge('mallory', await world.openRequest('mallory', repository, pathOf('refused'), unasked))
  await world.settled()
  const open = await grant('open', 'olivia', '6h')
  const role = (await world.roleOf(open)) ?? ''
  const lent = await grant('lent', 'olivia', '6h')
  const hidden = await grant('hidden', 'olivia', '6h')
  const stretched = await grant('stretched')
  const pushedLonger = await grant('pushed-longer')
  const lentRole = (await world.roleOf(lent)) ?? ''

  await world.app('stop')
  // Whoever may write to the role can make it say anything of itself.
  await world
    .iam('root')
    .send(new UpdateRoleCommand({ RoleName: lentRole.split('/').at(-1), Description: 'Of nobody' }))
  // Nobody approved it, and who merged it writes a receipt of their own.
  const [message = ''] = await world.removals(repository, honest.path)
  const receipt = parseReceipt(message)
  if (!receipt) throw new Error('the honest request has no receipt')
  const endedAt = Math.ceil((await world.now()) / 1000) + 60
  const forge = (name: string, blob: string, changes: Partial<Receipt>) =>
    world.commit(
      'mallory',
      repository,
      'main',
      { [pathOf(name)]: null },
      formatReceipt({ ...receipt, endedAt, path: pathOf(name), blob, ...changes }),
    )
  // A grant that stands is told to have been refused.
  const hiding = `Take out a request that was not granted (#${hidden.pull})\n\nIt was refused (approvals-missing), and nothing was opened in AWS.`
  await world.commit('mallory', repository, 'main', { [hidden.path]: null }, hiding)
  const text = requestYaml({ requester: 'mallory', duration: '30m' })
  const own = await world.openRequest('mallory', repository, pathOf('own'), text)
  await world.merge('mallory', own)
  const requester = { login: 'mallory', id: (await world.github('mallory').users.getAuthenticated()).data.id }
  const blobOf = async (name: string) => {
    const { data } = await world
      .github('root')
      .repos.getContent({ ...named(repository), path: pathOf(name), ref: 'main' })
    return Array.isArray(data) ? '' : data.sha
  }
  await forge('own', await blobOf('own'), { pull: own.pull, requester })
  // A grant that stands is told to have ended.
  await forge('lent', await blobOf('lent'), { pull: lent.pull, roleArn: lentRole })
  await world.commit('mallory', repository, 'main', { [pathOf('pushed')]: text })
  // Mallory makes what was granted longer, and a receipt says that olivia approved that.
  unapproved = await extend(stretched, 'mallory')
  const [longerMessage = ''] = await world.removals(repository, longer.path)
  const [approved] = parseReceipt(longerMessage)?.extensions ?? []
  if (!approved) throw new Error('the extended request has no receipt that says so')
  const stretching = async ({ path, pull }: MergedRequest, extension: number) => {
    const { data } = await world.github('root').pulls.listReviews({ ...named(repository), pull_number: pull })
    const at = Date.parse(data[0]?.submitted_at ?? '') / 1000
    const approvals = receipt.approvals.map((one) => ({ ...one, commit: data[0]?.commit_id ?? '', at }))
    const { mergedAt } = pull === stretched.pull ? stretched : pushedLonger
    const name = path.slice(FOLDER.length + 1, -'.yaml'.length)
    const extensions = [{ ...approved, pull: extension }]
    await forge(name, await blobOf(name), { pull, approvals, from: mergedAt / 1000, extensions })
  }
  await stretching(stretched, unapproved.pull)
  await world.commit('mallory', repository, 'main', {
    [pushedLonger.path]: requestYaml({ duration: '40m' }),
  })
  await stretching(pushedLonger, unapproved.pull)
  await forge('pushed', await blobOf('pushed'), { pull: own.pull, requester })

  await world
    .github('root')
    .teams.removeMembershipForUserInOrg({ org: 'acme', team_slug: 'data-owners', username: 'oscar' })
  await dismiss(dismissed)
  await removeRole(role)

  clone = await makeRepository()
  await writeFile(join(clone.root, 'receipts.pub'), world.receiptKey)
  clone.git('remote', 'add', 'origin', `${world.ready.github.url}/${repository}.git`)
  const credentials = Buffer.from(`root:${world.ready.github.tokens.root}`).toString('base64')
  const authorization = `http.extraHeader=Authorization: Basic ${credentials}`
  // Not by the repository's own git, which would keep this process, and the sandbox in it, from answering.
  await runProcess('git', ['-c', authorization, 'fetch', '--quiet', 'origin'], { cwd: clone.root })
  ran = await audit('--json', '--at', new Date(await world.now()).toISOString().replace(/\.\d+/, ''))
}, 120_000)
afterAll(async () => {
  await clone?.remove()
  await world?.close()
})

async function removeRole(arn: string): Promise<void> {
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1)
  const iam = world.iam('root')
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
  await iam.send(new DeleteRoleCommand({ RoleName }))
}

describe('daypass audit --verify', () => {
  test('finds that what happened as it is told holds, by every witness', () => {
    expect(verified('honest')?.outcome).toBe('holds')
    expect(verified('honest')?.findings.map(({ about }) => about)).toEqual([
      'receipt',
      'pull request',
      'approval',
      'record',
      'role',
    ])
  })

  test('can not prove any more what was approved by somebody who left the team', () => {
    expect(verified('left')?.outcome).toBe('unprovable')
    expect(against('left')).toEqual([
      "approval: oscar is not in @acme/data-owners now; past members can't be asked for.",
    ])
  })

  test('holds what extended it against GitHub too, by every witness, also where a rebase brought it', () => {
    for (const [name, { pull }] of [
      ['longer', longer],
      ['longer-rebased', longerRebased],
    ] as const) {
      const found = verified(name)?.findings.filter(({ extension }) => extension === pull)

      expect(verified(name)).toMatchObject({ outcome: 'holds' })
      expect(found?.map(({ about }) => about)).toEqual(['pull request', 'approval'])
    }
  })

  test('can not prove any more what was extended by the word of somebody who left the team', () => {
    expect(verified('longer-left')?.outcome).toBe('unprovable')
    expect(against('longer-left')).toEqual([
      `approval of #${longerByOscar.pull}: oscar is not in @acme/data-owners now; past members can't be asked for.`,
    ])
  })

  test('contradicts an extension that nobody approved, and one that was pushed', () => {
    expect(verified('stretched')?.outcome).toBe('contradicted')
    expect(against('stretched')).toContainEqual(
      `approval of #${unapproved.pull}: GitHub has no approval of olivia at that time for that commit.`,
    )
    expect(against('stretched')).toContainEqual(
      `pull request of #${unapproved.pull}: It was mallory who asked for it, not alice.`,
    )
    expect(against('pushed-longer')).toContainEqual(
      `pull request of #${unapproved.pull}: GitHub knows of no pull request #${unapproved.pull} that changed the file.`,
    )
  })

  test('can not prove any more an approval that was dismissed since', () => {
    expect(verified('dismissed')?.outcome).toBe('unprovable')
    expect(against('dismissed')).toEqual(['approval: The approval of olivia was dismissed since.'])
  })

  test('misses the role of a grant that should stand, and contradicts nothing by that', () => {
    expect(verified('open')?.outcome).toBe('unprovable')
    expect(against('open')).toEqual(['role: IAM has no such role (any more).'])
  })

  test('contradicts a receipt that somebody wrote for a request that nobody approved', () => {
    expect(verified('own')?.outcome).toBe('contradicted')
    expect(against('own')).toContainEqual(
      'approval: GitHub has no approval of olivia at that time for that commit.',
    )
    expect(against('own')).toContainEqual('pull request: It was mallory who merged it, not olivia.')
  })

  test('contradicts a receipt for what was pushed past every pull request', () => {
    expect(verified('pushed')?.outcome).toBe('contradicted')
    expect(against('pushed')).toContainEqual(
      'pull request: The file was pushed to the branch without a pull request.',
    )
  })

  test('contradicts the end of an access whose role still lets people in', () => {
    expect(verified('lent')?.outcome).toBe('contradicted')
    expect(against('lent')).toContainEqual(
      'role: Its role still lets people in, though its access is over or never was.',
    )
    expect(against('lent')?.some((why) => why.startsWith('record: The record says otherwise'))).toBe(true)
  })

  test('holds a refusal against the record: it is no more than a claim', () => {
    expect(told('refused')).toMatchObject({ state: 'refused', anomalies: [], verified: { outcome: 'holds' } })
    expect(told('hidden')).toMatchObject({ state: 'refused', anomalies: [{ code: 'unproven-refusal' }] })
    expect(against('hidden')).toEqual([
      'record: It is said to have been refused, and the record says that it was granted.',
      'role: Its role still lets people in, though its access is over or never was.',
    ])
  })

  test('exits with 1 for a contradiction only, and asks only of what is wanted', async () => {
    expect(ran.code).toBe(1)
    const { code, stdout } = await audit('--approver', 'oscar')

    expect(code).toBe(0)
    expect(stdout).toContain('no longer provable 2')
    expect(stdout).toContain("oscar is not in @acme/data-owners now; past members can't be asked for.")
  })

  test('is read on a terminal as the golden file says', async () => {
    const { stdout } = await audit()
    const told = stdout.slice(stdout.indexOf('Held against')).trimEnd()
    expectGolden('cli-audit-verify', told.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'INSTANT'))
  })

  test('takes no answer for no answer: it fails where GitHub does', async () => {
    await world.order({
      service: 'github',
      caller: '*',
      path: '*/reviews',
      fault: { kind: 'status', status: 500 },
    })
    const { code, stdout } = await audit('--approver', 'oscar', '--person', 'alice')
    await world.clearFaults()

    expect(code).toBe(3)
    expect(stdout).toContain('GitHub gave no clear answer')
  })

  test('goes without IAM where there are no credentials, and says so', async () => {
    const { github } = world.ready
    const { stdout, stderr } = await runAlone(
      [
        'audit',
        '--verify',
        '--github-url',
        github.url,
        '--ref',
        'origin/main',
        '--person',
        'alice',
        '--approver',
        'oscar',
      ],
      { cwd: clone.root, env: { GITHUB_TOKEN: github.tokens.root ?? '' } },
    )

    expect(stdout).toContain('Held against GitHub: 2 requests\n')
    expect(stdout).toContain(`no longer provable: ${FOLDER}/left.yaml (#`)
    expect(stdout).toContain('receipt: No key was given, so that its signature was not checked.')
    expect(stdout).toMatch(/^ {2}receipt: .+ It names key [0-9a-f]{16}\.$/m)
    expect(stderr).toContain('note: IAM was not asked: ')
  })

  test('tells what holds but for a signature that was not checked, and which key that names', async () => {
    const { github } = world.ready
    const { stdout } = await runCli(
      ['audit', '--verify', '--github-url', github.url, '--ref', 'origin/main', '--approver', 'olivia'],
      { cwd: clone.root, env: { GITHUB_TOKEN: github.tokens.root ?? '' } },
    )

    expect(stdout).toMatch(/^not checked: .+\n {2}receipt: No key was given, .+ names key [0-9a-f]{16}\.$/m)
  })

  test('is not told as a spreadsheet', async () => {
    const { code, stderr } = await audit('--format', 'csv')

    expect(code).toBe(2)
    expect(stderr).toContain("--verify can't be told as csv")
  })
})
