/** Plays one history in a repository of its own, and after every step asks S3 as each person what they can read. */
import type { AwsKeys } from '../../../src/sandbox/ready.ts'
import type { App, Place, Stage } from '../stage.ts'
import { ASKERS, FOLDERS, type History, type Step, type Trouble } from './history.ts'
import { mayRead, newOracle, type Reads, settle } from './oracle.ts'
import { type Actors, perform, rolesOf } from './world.ts'

const KEYS = {
  'exports/2026/11/': 'exports/2026/11/orders.csv',
  'internal/': 'internal/salaries.csv',
} as const
/** Nobody is ever lent this one. */
const ELSEWHERE = { bucket: 'billing-archive', key: 'invoices/2026/11.csv' }
const BEGINNING = Date.parse('2026-11-24T09:00:00Z') / 1000

/** What went wrong, in words; undefined where nothing did. */
export async function runHistory(stage: Stage, place: Place, history: History): Promise<string | undefined> {
  stage.setTime(BEGINNING)
  const actors: Actors = { stage, place, oracle: newOracle() }
  const readers = createReaders(stage, place)
  let apps: Apps = { app: stage.startApp(place), other: stage.startApp(place) }
  await apps.app.look()
  for (const [index, step] of history.entries()) {
    const played = await playStep(actors, readers, apps, step)
    if (played.wrong !== undefined) return `step ${index + 1}: ${played.wrong}`
    apps = played.apps
  }
  return undefined
}

interface Apps {
  readonly app: App
  /** A replica, which looks now and then. */
  readonly other: App
}

interface Played {
  readonly apps: Apps
  readonly wrong?: string
}

async function playStep(actors: Actors, readers: Readers, apps: Apps, step: Step): Promise<Played> {
  const { stage, place, oracle } = actors
  const gone = oracle.gone.size
  if (step.seconds > 0) {
    const allowed = mayRead(oracle, stage.now() + step.seconds)
    stage.setTime(stage.now() + step.seconds)
    const wrong = beyond(await readers.read(), allowed, 'before the app looked')
    if (wrong !== undefined) return { apps, wrong }
  }
  const before = mayRead(oracle, stage.now())
  for (const act of step.acts) await perform(actors, act)
  if (step.acts.some(({ kind }) => kind === 'rewind'))
    for (const app of [apps.app, apps.other]) app.hearOfMoves()
  if (oracle.gone.size > gone) for (const app of [apps.app, apps.other]) app.hearOfPeople()
  const allowed = new Set([...before, ...mayRead(oracle, stage.now())])
  const app = await lookThrough(stage, place, apps, step.trouble)
  const wrong = beyond(await readers.read(), allowed, 'after the app looked once')
  if (wrong !== undefined) return { apps, wrong }
  stage.faults.clear()
  const unsettled = await settled(actors, readers, app)
  if (unsettled !== undefined) return { apps, wrong: unsettled }
  return { apps: { app, other: apps.other } }
}

/** What is otherwise than it should be once the app looked again without trouble. */
async function settled({ stage, oracle }: Actors, readers: Readers, app: App): Promise<string | undefined> {
  const expected = settle(oracle, stage.now())
  const failed = await app.look()
  const found = await readers.read()
  const missing = [...expected].filter((read) => !found.has(read))
  const wrong =
    missing.length > 0
      ? `missing once all was settled: ${missing.join(', ')}`
      : beyond(found, expected, 'once all was settled')
  return wrong && [wrong, ...failed].join('\n')
}

/** Returns the app that goes on. */
async function lookThrough(stage: Stage, place: Place, { app, other }: Apps, trouble: Trouble): Promise<App> {
  switch (trouble.kind) {
    case 'none':
      await app.look()
      return app
    case 'replica':
      await Promise.all([app.look(), other.look()])
      return app
    case 'killed':
      app.line.await(trouble)
      await app.look()
      return stage.startApp(place)
    case 'unheard':
      app.line.await(trouble)
      await app.look()
      // Where the look made fewer calls, nothing is lost.
      app.line.await({ kind: 'none' })
      return app
    case 'down':
      goDown(stage, trouble.what)
      await app.look()
      return app
  }
}

function goDown(stage: Stage, what: Extract<Trouble, { kind: 'down' }>['what']): void {
  const broken = { kind: 'status', status: 400, code: 'OutOfOrder' } as const
  const actions = {
    'iam writes': ['iam:Put*', 'iam:Update*', 'iam:Delete*', 'iam:Create*'],
    'iam reads': ['iam:List*', 'iam:Get*'],
    aws: ['iam:*', 'sts:*'],
    github: [],
  }[what]
  for (const action of actions) stage.faults.order({ service: 'aws', caller: 'app', action, fault: broken })
  if (what === 'github')
    stage.faults.order({ service: 'github', caller: 'app', fault: { kind: 'status', status: 503 } })
}

interface Readers {
  /** Everything that anybody reads now, as `alice internal/`, with a new session or with one of before. */
  read(): Promise<Reads>
}

function createReaders(stage: Stage, place: Place): Readers {
  const sessions: { readonly login: string; readonly keys: AwsKeys }[] = []

  async function readsOf(login: string, keys: AwsKeys): Promise<string[]> {
    const found: string[] = []
    const tries = [
      ...FOLDERS.map((folder) => ({ bucket: 'customer-exports', key: KEYS[folder], name: folder })),
      { ...ELSEWHERE, name: ELSEWHERE.bucket },
    ]
    for (const { bucket, key, name } of tries)
      if (await reads(keys, bucket, key)) found.push(`${login} ${name}`)
    return found
  }

  async function reads(keys: AwsKeys, bucket: string, key: string): Promise<boolean> {
    try {
      return (await stage.read(keys, bucket, key)).kind === 'allowed'
    } catch (error) {
      // Of a session that is over, or whose role is gone, S3 knows nobody.
      if (error instanceof Error && /^(ExpiredToken|InvalidAccessKeyId)$/.test(error.name)) return false
      throw error
    }
  }

  return {
    async read() {
      const found: string[] = []
      for (const { login, keys } of sessions.splice(0)) {
        const still = await readsOf(login, keys)
        found.push(...still)
        if (still.length > 0) sessions.push({ login, keys })
      }
      for (const arn of await rolesOf(stage, place)) {
        for (const login of ASKERS) {
          const session = await stage.assume(login, arn)
          if (session.kind === 'denied') continue
          const now = await readsOf(login, session.value)
          found.push(...now)
          if (now.length > 0) sessions.push({ login, keys: session.value })
        }
      }
      return new Set(found)
    },
  }
}

function beyond(found: Reads, allowed: Reads, when: string): string | undefined {
  const more = [...found].filter((read) => !allowed.has(read))
  return more.length === 0 ? undefined : `read ${when}, though not allowed: ${more.join(', ')}`
}
