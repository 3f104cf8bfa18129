/** Takes one thing after the other away from the app, and asks S3 second by second whether access is there to its end and not after. */
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { createPeople, named, type People } from '../../src/sandbox/tour-people.ts'
import { requestYaml } from '../support/world.ts'
import type { App, Place, Stage } from './stage.ts'

const PATH = 'access-requests/prod/customer-exports/alice.yaml'
const NOVEMBER = 'exports/2026/11/orders.csv'
const WINDOW = 4 * 3600
/** The trouble begins so long before the end, in seconds; a session that begins then lasts an hour, well beyond the end. */
const LEAD = 600

export interface Trouble {
  readonly name: string
  /** Begins ten minutes before the end, and stays. */
  readonly begin: (stage: Stage) => void
  /** Dead ones look at nothing. */
  readonly isDead?: boolean
  /** Time does not pass to the end, but jumps over it. */
  readonly jumps?: boolean
  /** Seconds by which the app's own clock is wrong, as after a start on a machine whose clock is not kept right. */
  readonly clockWrongBy?: number
}

type Order = Parameters<Stage['faults']['order']>[0]

const fail = (order: Pick<Order, 'service' | 'fault'> & { readonly action?: string }) => (stage: Stage) => {
  stage.faults.order({ caller: 'app', ...order })
}

const all =
  (...begin: readonly Trouble['begin'][]) =>
  (stage: Stage) => {
    for (const one of begin) one(stage)
  }

const broken = { kind: 'status', status: 500, code: 'ServiceFailure' } as const
const gitHubDead = fail({ service: 'github', fault: { kind: 'reset' } })

export const TROUBLES: readonly Trouble[] = [
  { name: 'none', begin() {} },
  { name: 'the app is dead', begin() {}, isDead: true },
  { name: 'the app is dead, and time jumps over the end', begin() {}, isDead: true, jumps: true },
  { name: 'time jumps over the end', begin() {}, jumps: true },
  { name: 'GitHub is dead', begin: gitHubDead },
  { name: 'GitHub answers 502', begin: fail({ service: 'github', fault: { kind: 'status', status: 502 } }) },
  {
    name: "GitHub's hourly limit is used up",
    begin: fail({ service: 'github', fault: { kind: 'throttle' } }),
  },
  {
    name: "GitHub's secondary limit is used up",
    begin: fail({ service: 'github', fault: { kind: 'secondary-limit', retryAfter: 60 } }),
  },
  {
    name: 'writes to IAM fail',
    begin: all(
      ...['iam:Put*', 'iam:Update*', 'iam:Delete*', 'iam:Detach*'].map((action) =>
        fail({ service: 'aws', action, fault: broken }),
      ),
    ),
  },
  {
    name: 'reads of IAM fail',
    begin: all(...['iam:List*', 'iam:Get*'].map((action) => fail({ service: 'aws', action, fault: broken }))),
  },
  {
    name: 'IAM throttles every call',
    begin: fail({ service: 'aws', action: 'iam:*', fault: { kind: 'throttle' } }),
  },
  {
    name: 'every answer of IAM is lost',
    begin: fail({ service: 'aws', action: 'iam:*', fault: { kind: 'answer-lost' } }),
  },
  {
    name: 'the app can assume no role',
    begin: fail({ service: 'aws', action: 'sts:AssumeRole', fault: broken }),
  },
  { name: 'changes to IAM are seen ten minutes late', begin: (stage) => stage.delayIam(600_000) },
  { name: "the app's clock is ten minutes slow", begin() {}, clockWrongBy: -600 },
  {
    name: 'GitHub and IAM are dead',
    begin: all(gitHubDead, fail({ service: 'aws', action: 'iam:*', fault: { kind: 'reset' } })),
  },
]

export interface Measured {
  readonly trouble: string
  /** Seconds of the window's last ones in which a read or a new session was denied. */
  readonly missingBefore: number
  /** Seconds after the end in which a read, or a new session, was allowed. */
  readonly accessAfter: number
}

/** The seconds around the end at which S3 is asked: so many before, so many after. */
export interface Span {
  readonly before: number
  readonly after: number
}

/** What the trouble began is over once this returns. */
export async function measureEnd(
  stage: Stage,
  place: Place,
  trouble: Trouble,
  span: Span,
): Promise<Measured> {
  const { app: granting, roleArn, end } = await grant(stage, place)
  const { clockWrongBy } = trouble
  const app = clockWrongBy === undefined ? granting : stage.startApp(place, clockWrongBy)
  stage.setTime(end - LEAD)
  // Clients of this time: those of the window's beginning would have to learn of hours gone by.
  const people = createPeople(stage.ready)
  const session = await people.assume('alice', roleArn)
  if (session.kind === 'denied') throw new Error('alice is not let in')
  try {
    trouble.begin(stage)
    const seen = await watch(stage, app, trouble, end, span, (at) => isIn(people, session.value, roleArn, at))
    return {
      trouble: trouble.name,
      missingBefore: seen.filter(({ at, reads, enters }) => at < end && !(reads && enters)).length,
      accessAfter: seen.filter(({ at, reads, enters }) => at >= end && (reads || enters)).length,
    }
  } finally {
    stage.faults.clear()
    stage.delayIam(0)
  }
}

async function grant(stage: Stage, place: Place) {
  const app = stage.startApp(place)
  const request = await stage.openRequest('alice', place.name, PATH, requestYaml({}))
  await app.look()
  await stage.approve('olivia', request)
  const { mergedAt } = await stage.merge('olivia', request)
  await app.look()
  const at = { ...named(place.name), issue_number: request.pull }
  const { data } = await stage.github('root').issues.listComments(at)
  const [roleArn = ''] = /arn:aws:iam::\d{12}:role\/daypass\/[\w+=,.@/-]+/.exec(JSON.stringify(data)) ?? []
  return { app, roleArn, end: mergedAt / 1000 + WINDOW }
}

interface Seen {
  readonly at: number
  /** With the session that began when the window opened. */
  readonly reads: boolean
  /** With a new one. */
  readonly enters: boolean
}

async function watch(
  stage: Stage,
  app: App,
  { isDead = false, jumps = false }: Trouble,
  end: number,
  { before, after }: Span,
  ask: (at: number) => Promise<Seen>,
): Promise<Seen[]> {
  const seen: Seen[] = []
  for (let at = end - (jumps ? LEAD : before); at < end + after; at = jumps && at < end ? end : at + 1) {
    stage.setTime(at)
    // It looks when it wakes for the end, and has looked before; more often only makes it repeat itself.
    if (!isDead && (at < end ? seen.length === 0 : at === end)) await app.look()
    seen.push(await ask(at))
  }
  return seen
}

async function isIn(people: People, session: AwsKeys, roleArn: string, at: number): Promise<Seen> {
  const [read, entered] = await Promise.all([
    people.read(session, 'customer-exports', NOVEMBER).catch((error: unknown) => {
      // Its role is gone, so that S3 knows nobody of that session any more.
      if (error instanceof Error && error.name === 'InvalidAccessKeyId') return { kind: 'denied' as const }
      throw error
    }),
    people.assume('alice', roleArn),
  ])
  return { at, reads: read.kind === 'allowed', enters: entered.kind === 'allowed' }
}
