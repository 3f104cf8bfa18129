/** Attacks by what only looks as if GitHub, the app or an owner had said it, and by what belongs to another repository or person. */
import { createHmac, randomUUID } from 'node:crypto'
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { ProbotOctokit } from 'probot'
import { describe, expect } from 'vitest'
import { verifyReceipt } from '../../src/core/receipt.ts'
import { APP_ID } from '../../src/sandbox/seed-github.ts'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import { ask, expectReading, grant, push, RULES, refusalOf, review } from './support.ts'

export interface Secrets {
  readonly webhook: string
  /** PEM. */
  readonly privateKey: string
}

export interface Forgers {
  readonly world: () => TestWorld
  /** Gives a repository that nobody else uses, each time another. */
  readonly own: () => string
  /** What only the app and GitHub know. */
  readonly secrets: () => Secrets
}

export function forgeries({ world, own, secrets }: Forgers): void {
  describe('what only looks like it', () => {
    const attack = stage(world)
    words(world, attack)
    byTheApp(world, attack, () => secrets().privateKey)
    webhooks(world, attack, () => secrets().webhook)
    others(world, attack, own)
  })
}

function words(world: () => TestWorld, attack: Attack): void {
  const claimed = async (name: string, claim: (request: OpenedRequest) => Promise<unknown>) => {
    const request = await ask(world(), { name })
    await claim(request)
    await world().merge('olivia', request)
    return request
  }
  const says = (login: string, { repository, pull }: OpenedRequest, body: string) =>
    world()
      .github(login)
      .issues.createComment({ ...named(repository), issue_number: pull, body })

  attack('an owner says in a comment that they approve', 'approvals-missing', () =>
    claimed('comment', (request) => says('olivia', request, 'Approved. /approve LGTM :+1:')),
  )

  attack('a comment that looks like the app’s says that it is approved', 'approvals-missing', () =>
    claimed('marker', (request) => says('mallory', request, '<!-- daypass -->\n**Access is open.**')),
  )

  attack('a label says that it is approved', 'approvals-missing', () =>
    claimed('label', async ({ repository, pull }) => {
      const { issues } = world().github('mallory')
      await issues.createLabel({ ...named(repository), name: 'approved' })
      await issues.addLabels({ ...named(repository), issue_number: pull, labels: ['approved'] })
    }),
  )

  attack('a commit status says that it is approved', 'approvals-missing', () =>
    claimed('status', ({ repository, head }) =>
      world()
        .github('mallory')
        .repos.createCommitStatus({
          ...named(repository),
          sha: head,
          state: 'success',
          context: 'Daypass / approval',
        }),
    ),
  )

  attack('the author comments in a review that the owner approved', 'approvals-missing', () =>
    claimed('review-comment', (request) => review(world(), 'alice', request, 'COMMENT')),
  )
}

function byTheApp(world: () => TestWorld, attack: Attack, privateKey: () => string): void {
  attack('a bot approves, with a token of the app itself', 'reviewer-not-a-person', async () => {
    const request = await ask(world(), { name: 'by-bot' })
    const bot = new ProbotOctokit({
      baseUrl: `${world().ready.github.url}/api/v3`,
      auth: { appId: APP_ID, privateKey: privateKey(), installationId: 301 },
      log: world().github('alice').log,
      throttle: { enabled: false },
    })
    const at = { ...named(request.repository), pull_number: request.pull, commit_id: request.head }
    await bot.rest.pulls.createReview({ ...at, event: 'APPROVE' })
    await world().merge('olivia', request)
    return request
  })

  attack('a person writes a check run in the app’s name', 'github-refuses', async () => {
    const request = await ask(world(), { name: 'check-run' })
    const { checks } = world().github('mallory')
    const forged = checks.create({
      ...named(request.repository),
      name: 'Daypass / grant',
      head_sha: request.head,
      external_id: 'granted:',
      conclusion: 'success',
    })
    expect(await refusalOf(forged)).toBe(403)
    return request
  })

  attack('somebody alters what the app says, to send people elsewhere', 'goes-unheard', async (rest) => {
    const request = await ask(world(), { name: 'altered-comment' })
    await world().merge('olivia', request)
    await rest()
    const { issues } = world().github('mallory')
    const at = named(request.repository)
    const { data } = await issues.listComments({ ...at, issue_number: request.pull })
    const [told] = data.filter(({ user }) => user?.type === 'Bot')
    const body = `${told?.body}\nrole_arn = arn:aws:iam::111122223333:role/daypass/ru/evil`
    await issues.updateComment({ ...at, comment_id: told?.id ?? 0, body })
    return request
  })

  attack('a receipt is altered and pushed as the app’s', 'aws-denies', async (rest) => {
    const request = await grant(world(), { name: 'receipt-source' })
    await rest()
    const { repository, path } = request
    const forged = [
      'End access of mallory to customer-exports (#1)',
      'Daypass-Version: 1\nDaypass-Path: "access-requests/prod/customer-exports/x.yaml"\nDaypass-Signature: AAAA',
    ].join('\n\n')
    await world().commit('mallory', repository, 'main', { [path]: null }, forged)
    const also = async () => {
      const messages = await world().removals(repository, path)
      expect(messages.map((message) => verifyReceipt(message, [world().receiptKey]))).not.toContain('signed')
    }
    return { ...request, also }
  })

  attack(
    'a command to give an access back comes from somebody who owns nothing',
    'aws-denies',
    async (rest) => {
      const request = await grant(world(), { name: 'not-yours' })
      await rest()
      const { issues } = world().github('mallory')
      const at = { ...named(request.repository), issue_number: request.pull }
      await issues.createComment({ ...at, body: '/daypass revoke' })
      const also = () => expectReading(world(), 'alice', request)
      return { ...request, attacker: 'mallory', also }
    },
  )

  attack(
    'the button that ends an access is pressed by somebody who owns nothing',
    'aws-denies',
    async (rest) => {
      const request = await grant(world(), { name: 'button' })
      await rest()
      const { github } = world().ready
      const check = await world().check(request.repository, request.sha, 'Daypass / grant')
      const pressed = await fetch(`${github.url}/${request.repository}/runs/${check?.id}/actions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${github.tokens.mallory}` },
        body: JSON.stringify({ identifier: 'end-access' }),
      })
      expect(pressed.status).toBe(202)
      const also = () => expectReading(world(), 'alice', request)
      return { ...request, attacker: 'mallory', also }
    },
  )
}

function webhooks(world: () => TestWorld, attack: Attack, secret: () => string): void {
  const deliver = async (event: string, payload: unknown, key: string | undefined): Promise<number> => {
    const body = JSON.stringify(payload)
    const response = await fetch(`${world().ready.app.url}/api/github/webhooks`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': randomUUID(),
        ...(key !== undefined && {
          'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
        }),
      },
    })
    await response.arrayBuffer()
    return response.status
  }
  const lie = ({ pull, head }: OpenedRequest, repositoryId = 1002) => ({
    action: 'closed',
    number: pull,
    pull_request: {
      number: pull,
      merged: true,
      head: { sha: head },
      merged_by: { login: 'olivia', id: 103 },
    },
    repository: { id: repositoryId, full_name: 'acme/access-open' },
    installation: { id: 301 },
    sender: { login: 'olivia', id: 103, type: 'User' },
  })

  attack('a webhook that nobody signed says that the request was merged', 'goes-unheard', async () => {
    const request = await ask(world(), { name: 'unsigned' })
    expect(await deliver('pull_request', lie(request), undefined)).toBe(400)
    return request
  })

  attack(
    'a webhook signed with another secret says that the request was merged',
    'goes-unheard',
    async () => {
      const request = await ask(world(), { name: 'wrongly-signed' })
      expect(await deliver('pull_request', lie(request), 'a guess')).toBe(401)
      return request
    },
  )

  attack('a rightly signed webhook lies', 'goes-unheard', async () => {
    const request = await ask(world(), { name: 'lied' })
    expect(await deliver('pull_request', lie(request), secret())).toBe(202)
    return request
  })

  attack('a rightly signed webhook is of another repository and installation', 'goes-unheard', async () => {
    const request = await ask(world(), { name: 'elsewhere' })
    const payload = { ...lie(request, 999_999), installation: { id: 999 } }
    expect(await deliver('pull_request', payload, secret())).toBe(202)
    return request
  })

  attack('the webhook of an approval is replayed after its dismissal', 'review-dismissed', async (rest) => {
    const request = await ask(world(), { name: 'replayed' })
    const review_id = await review(world(), 'olivia', request, 'APPROVE')
    await rest()
    const at = { ...named(request.repository), pull_number: request.pull, review_id }
    await world()
      .github('oscar')
      .pulls.dismissReview({ ...at, message: 'Not like this' })
    await world().merge('olivia', request)
    const sent = world().exchanges.flatMap((exchange) =>
      exchange.kind === 'webhook' && exchange.event === 'pull_request_review' ? [exchange.payload] : [],
    )
    expect(sent).not.toEqual([])
    for (const payload of sent) await deliver('pull_request_review', payload, secret())
    return request
  })

  attack('webhooks come doubled and in another order than things happened', 'other-bytes', async (rest) => {
    await world().deliver('shuffled')
    const request = await ask(world(), { name: 'shuffled' })
    await world().approve('olivia', request)
    const greedy = await push(world(), 'alice', request, requestYaml({ duration: '12h' }))
    await world().merge('olivia', greedy)
    await rest()
    return request
  })
}

function others(world: () => TestWorld, attack: Attack, own: () => string): void {
  attack(
    'the pull request of the same number is approved in another repository',
    'approvals-missing',
    async () => {
      const [one, two] = [own(), own()]
      const approved = await ask(world(), { name: 'same-number', repository: one })
      const copied = await ask(world(), { name: 'same-number', repository: two })
      expect(copied.pull).toBe(approved.pull)
      await world().approve('olivia', approved)
      await world().merge('olivia', approved)
      await world().merge('olivia', copied)
      return copied
    },
  )

  attack(
    'a repository asks for an account that the operator gave to another',
    'account-unknown',
    async () => {
      const repository = own()
      const path = 'access-requests/analytics/clickstream/foreign.yaml'
      const yaml = requestYaml({ prefixes: ['events/'] })
      const request = await world().openRequest('alice', repository, path, yaml)
      await world().approve('olivia', request)
      await world().merge('olivia', request)
      return request
    },
  )

  attack(
    'the rules name a person in an account that the operator gave to another',
    'person-account-unknown',
    async () => {
      const repository = own()
      const rules = (await world().fileOnMain(repository, RULES)) ?? ''
      const files = { [RULES]: rules.replace('alice, account: prod', 'alice, account: analytics') }
      await world().land(repository, { branch: 'rules', files })
      const request = await ask(world(), { name: 'foreign-home', repository })
      await world().approve('olivia', request)
      await world().merge('olivia', request)
      return request
    },
  )

  attack(
    'a role is made to look like the Identity Center role of the requester',
    'aws-denies',
    async (rest) => {
      const yaml = requestYaml({ requester: 'bob' })
      const request = await ask(world(), { name: 'sso', login: 'bob', yaml })
      await world().approve('olivia', request)
      await world().merge('olivia', request)
      await rest()
      await expectReading(world(), 'bob', request)
      const also = async () =>
        expect(await throughLookalike(world(), (await world().roleOf(request)) ?? '')).toBe('AccessDenied')
      return { ...request, attacker: 'mallory', also }
    },
  )
}

/** Mallory assumes a role of the same name outside Identity Center's own path, with bob's user name as the session's. */
async function throughLookalike(world: TestWorld, role: string): Promise<string> {
  const RoleName = 'AWSReservedSSO_DataReader_0123456789abcdef'
  const statement = (rest: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...rest }] })
  const root = world.iam('root')
  const trust = { Principal: { AWS: 'arn:aws:iam::111122223333:user/mallory' }, Action: 'sts:AssumeRole' }
  await root.send(
    new CreateRoleCommand({ RoleName, Path: '/sso/', AssumeRolePolicyDocument: statement(trust) }),
  )
  const everything = statement({ Action: 'sts:AssumeRole', Resource: '*' })
  await root.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument: everything }))
  const { endpoint, region } = world.ready.aws
  const assume = async (credentials: ReturnType<TestWorld['keys']>, RoleArn: string) =>
    new STSClient({ endpoint, region, credentials, maxAttempts: 1 }).send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'bob@acme.example' }),
    )
  const { Credentials: given } = await assume(
    world.keys('mallory'),
    `arn:aws:iam::111122223333:role/sso/${RoleName}`,
  )
  const session = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  }
  return assume(session, role).then(
    () => 'let in',
    (error: Error) => error.name,
  )
}
