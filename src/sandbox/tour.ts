/** The tour: the whole path played once with real calls, each line said because a call has shown it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GetRoleCommand, ListRolesCommand, NoSuchEntityException } from '@aws-sdk/client-iam'
import type { AwsKeys, ReadyFile } from './ready.ts'
import { createNarrator, expected, found, type Narrator, notYet } from './tour-narrator.ts'
import { createPeople, named, type OpenedRequest, type Outcome, type People } from './tour-people.ts'
import { watchEnd } from './tour-window.ts'

interface Tour {
  readonly ready: ReadyFile
  readonly people: People
  readonly narrator: Narrator
}

interface Grant {
  readonly request: OpenedRequest
  readonly roleArn: string
  readonly keys: AwsKeys
  /** Milliseconds since the epoch. */
  readonly end: number
}

const WINDOW_SECONDS = 20
const BUCKET = 'customer-exports'
const WANTED = 'exports/2026/11/orders.csv'
const REQUEST_PATH = `access-requests/prod/${BUCKET}/alice-inc-4211.yaml`
const SELF_APPROVED_PATH = `access-requests/prod/${BUCKET}/alice-salaries.yaml`

const run = promisify(execFile)

/** Throws at the first thing that isn't as it should be. */
export async function playTour(ready: ReadyFile, print: (line: string) => void): Promise<void> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR
  const tour: Tour = { ready, people: createPeople(ready), narrator: createNarrator(print, colour) }
  await deniedBefore(tour)
  const request = await ask(tour)
  const grant = await approve(tour, request)
  await readWithin(tour, grant)
  await refuseSelfApproval(tour, grant)
  await endWithoutTheApp(tour, grant)
  await cleanUp(tour, grant)
  await showReceipt(tour, grant)
}

async function deniedBefore({ people, narrator }: Tour): Promise<void> {
  narrator.chapter('Before')
  const outcome = await people.read(people.keys('alice'), BUCKET, WANTED)
  expected(outcome.kind === 'denied', 'alice can read nothing yet', outcome)
  narrator.shown(`alice asks S3 for s3://${BUCKET}/${WANTED}: ${outcome.code}`)
}

async function ask({ ready, people, narrator }: Tour): Promise<OpenedRequest> {
  narrator.chapter('alice asks, in a pull request')
  const yaml = requestYaml('Find the corrupt rows behind INC-4211', 'exports/2026/11/')
  narrator.quote(`# ${REQUEST_PATH}\n${yaml}`)
  const request = await people.openRequest('alice', ready.github.repository, REQUEST_PATH, yaml)
  narrator.shown(`opened ${request.url}`)
  const check = await narrator.until('the check "Daypass / request"', () =>
    completedCheck(people, request, 'Daypass / request'),
  )
  expected(check.conclusion === 'success', 'the check succeeds', check)
  narrator.shown(`the check succeeds: ${check.title}`)
  return request
}

async function approve(tour: Tour, request: OpenedRequest): Promise<Grant> {
  const { people, narrator } = tour
  narrator.chapter('olivia, an owner of the path, approves and merges')
  await people.approve('olivia', request)
  narrator.shown(`olivia approved ${request.head.slice(0, 7)}, the very commit she saw`)
  const check = await narrator.until('the check "Daypass / approval"', () =>
    completedCheck(people, request, 'Daypass / approval'),
  )
  expected(check.conclusion === 'success', 'the approval counts', check)
  narrator.shown(`the check "Daypass / approval" succeeds: ${check.title}`)
  const { sha, mergedAt } = await people.merge('olivia', request)
  narrator.shown(`olivia merged it as ${sha.slice(0, 7)}; it asks for ${WINDOW_SECONDS} s from now`)
  const roleArn = await narrator.until("the app's comment", async () => {
    const comment = await commentOfTheApp(people, request)
    expected(refusalIn(comment) === undefined, 'the request is granted', comment)
    const role = /^role_arn = (\S+)$/m.exec(comment ?? '')?.[1]
    return role === undefined ? notYet(comment) : found(role)
  })
  narrator.shown(`the comment names alice's role: ${roleArn}`)
  const keys = allowed(await people.assume('alice', roleArn), 'alice may assume the role')
  return { request, roleArn, keys, end: mergedAt + WINDOW_SECONDS * 1000 }
}

async function readWithin({ people, narrator }: Tour, { keys }: Grant): Promise<void> {
  narrator.chapter('alice reads, and no more than that')
  const text = allowed(await people.read(keys, BUCKET, WANTED), 'alice may read what was approved')
  narrator.shown(`GetObject ${WANTED}: ${text.length} bytes`)
  narrator.quote(text)
  for (const key of ['exports/2026/10/orders.csv', 'internal/salaries.csv']) {
    const outcome = await people.read(keys, BUCKET, key)
    expected(outcome.kind === 'denied', `${key} is outside the prefix`, outcome)
    narrator.shown(`GetObject ${key}, outside the prefix: ${outcome.code}`)
  }
  const outcome = await people.write(keys, BUCKET, WANTED, 'order,customer,total\n')
  expected(outcome.kind === 'denied', 'writing is never lent', outcome)
  narrator.shown(`PutObject ${WANTED}: ${outcome.code}`)
}

async function refuseSelfApproval({ ready, people, narrator }: Tour, granted: Grant): Promise<void> {
  narrator.chapter('alice approves herself, in a repository without any branch rules')
  const yaml = requestYaml('Nobody will notice', 'internal/')
  const request = await people.openRequest('alice', ready.github.unprotected, SELF_APPROVED_PATH, yaml)
  narrator.shown(`opened ${request.url}`)
  const answer = await people.approve('alice', request).then(() => 200, statusOf)
  expected(answer === 422, 'GitHub takes no approval of an own pull request', answer)
  narrator.shown(`alice approves her own pull request: GitHub answers ${answer}`)
  await people.merge('alice', request)
  narrator.shown('so she merges it without any approval: GitHub lets her')
  const verdict = await narrator.until("the app's verdict", async () => {
    const comment = await commentOfTheApp(people, request)
    expected(!comment?.includes('role_arn'), 'nothing is granted', comment)
    const line = refusalIn(comment)
    return line === undefined ? notYet(comment) : found(line)
  })
  const code = /\(`([a-z-]+)`\)/.exec(verdict)?.[1]
  expected(code !== undefined, 'the refusal has a code', verdict)
  narrator.shown(`the app refuses: ${code}`)
  narrator.quote(verdict)
  const { Roles: roles = [] } = await people
    .iam('root')
    .send(new ListRolesCommand({ PathPrefix: '/daypass/' }))
  const arns = roles.map(({ Arn }) => Arn)
  expected(arns.length === 1 && arns[0] === granted.roleArn, 'no role but the approved one', arns)
  narrator.shown('in IAM there is no role for it')
}

async function endWithoutTheApp(
  { ready, people, narrator }: Tour,
  { roleArn, keys, end }: Grant,
): Promise<void> {
  narrator.chapter('The app is killed before the end')
  const { offset } = (await control(ready, 'GET', '/clock')) as { offset: number }
  const now = () => Date.now() + offset
  expected(now() < end, 'some of the window is left', `it ended ${now() - end} ms ago`)
  await control(ready, 'POST', '/app/kill')
  const alive = await fetch(`${ready.app.url}/healthz`).then(
    () => true,
    () => false,
  )
  expected(!alive, 'the app is dead', 'it answers')
  narrator.shown('SIGKILL; nobody answers at its address')
  const read = () => people.read(keys, BUCKET, WANTED)
  const { allowed: before, denied, lastBefore, firstAfter } = await watchEnd({ now, read, end, narrator })
  narrator.shown(`${before} reads answered, the last begun ${lastBefore} ms before the end`)
  narrator.shown(
    `from ${new Date(end).toISOString()} on ${denied} of ${denied} denied, the first ${firstAfter} ms after`,
  )
  const assumed = await people.assume('alice', roleArn)
  expected(assumed.kind === 'denied', 'the role lets nobody in any more', assumed)
  narrator.shown(`AssumeRole: ${assumed.code}`)
  expected(await exists(people, roleName(roleArn)), 'nobody touched the role', 'it is gone')
  narrator.shown('the role stands in IAM as it was written: its own window closed it')
}

async function cleanUp({ ready, people, narrator }: Tour, { request, roleArn }: Grant): Promise<void> {
  narrator.chapter('The app is started again')
  await control(ready, 'POST', '/app/start')
  const name = roleName(roleArn)
  await narrator.until('the role to be removed', async () =>
    (await exists(people, name)) ? notYet('it is there') : found(undefined),
  )
  narrator.shown(`IAM has no role ${name} any more`)
  const at = named(request.repository)
  const revert = await narrator.until('the revert pull request to be merged', async () => {
    const { data } = await people.github('alice').pulls.list({ ...at, state: 'closed' })
    const merged = data.find(({ user, merged_at }) => user?.type === 'Bot' && merged_at !== null)
    return merged ? found(merged) : notYet(data.map(({ title }) => title))
  })
  narrator.shown(`merged by the app: ${revert.html_url} (${revert.title})`)
}

async function showReceipt({ ready, narrator }: Tour, { request }: Grant): Promise<void> {
  narrator.chapter('What stays: the receipt, in git')
  const { repository, path } = request
  const directory = await mkdtemp(join(tmpdir(), 'daypass-tour-'))
  try {
    const credentials = Buffer.from(`alice:${ready.github.tokens.alice}`).toString('base64')
    const env = {
      PATH: process.env.PATH,
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      // In the environment, where other users of the machine can't see it.
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
    }
    const clone = join(directory, 'access')
    await run('git', ['clone', '--quiet', `${ready.github.url}/${repository}.git`, clone], { env })
    const log = ['log', '--diff-filter=D', '--format=%h %an%n%n%B', '--', path]
    const { stdout } = await run('git', ['-C', clone, ...log], { env })
    expected(/^[\w-]+: \S/m.test(stdout), 'a receipt in the commit that took the file out', stdout)
    narrator.shown(`git clone; git log --diff-filter=D -- ${path}`)
    narrator.quote(stdout)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function requestYaml(reason: string, prefix: string): string {
  return `requester: alice\nreason: ${reason}\nprefixes: [${prefix}]\nduration: ${WINDOW_SECONDS}s\n`
}

async function completedCheck(people: People, { repository, head }: OpenedRequest, check_name: string) {
  const { data } = await people
    .github('alice')
    .checks.listForRef({ ...named(repository), ref: head, check_name })
  const check = data.check_runs[0]
  if (check?.status !== 'completed') return notYet(check?.status)
  return found({ conclusion: check.conclusion, title: check.output.title ?? '' })
}

async function commentOfTheApp(
  people: People,
  { repository, pull }: OpenedRequest,
): Promise<string | undefined> {
  const { data } = await people
    .github('alice')
    .issues.listComments({ ...named(repository), issue_number: pull })
  return data.find(({ user }) => user?.type === 'Bot')?.body
}

function roleName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

async function exists(people: People, RoleName: string): Promise<boolean> {
  try {
    await people.iam('root').send(new GetRoleCommand({ RoleName }))
    return true
  } catch (error) {
    if (error instanceof NoSuchEntityException) return false
    throw error
  }
}

/** The status of GitHub's refusal; anything else that went wrong is thrown. */
function statusOf(error: unknown): number {
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status
  throw error
}

/** The line by which the app refuses for good. */
function refusalIn(comment: string | undefined): string | undefined {
  return comment?.split('\n').find((line) => line.startsWith('**Not granted.**'))
}

async function control({ control: { url } }: ReadyFile, method: string, path: string): Promise<unknown> {
  const response = await fetch(url + path, { method })
  const body: unknown = await response.json()
  expected(response.ok, `${method} ${path} succeeds`, body)
  return body
}

function allowed<Value>(outcome: Outcome<Value>, expectation: string): Value {
  expected(outcome.kind === 'allowed', expectation, outcome)
  return outcome.value
}
