/** Where attacks take place: all of one scene go on side by side in one world, come to rest, and are each looked at in a test of their own. */
import { beforeAll, expect, test } from 'vitest'
import { CHECKS } from '../../src/core/approval-checks.ts'
import { UNCOUNTED_REASONS } from '../../src/core/approvals.ts'
import { roleNameOf, rolePathOf } from '../../src/core/grant.ts'
import { accessRepositories } from '../../src/sandbox/seed.ts'
import { named, type Outcome } from '../../src/sandbox/tour-people.ts'
import { startWorld, type TestWorld, type WorldOptions } from '../support/world.ts'

/** What is left of an attack once it was tried. */
export interface Attempt {
  readonly repository: string
  readonly path: string
  /** 0 where there is none: what the app says is then in the pull request that takes the file out. */
  readonly pull: number
  /** Who asks S3; alice where left out. */
  readonly attacker?: string
  /** Looked at besides, once all has come to rest. */
  readonly also?: () => Promise<void>
}

/**
 * How an attack ends: `github-refuses` it; it `goes-unheard`, as nothing that Daypass looks at came of it; a role
 * may stand or have stood, but `aws-denies`; or the app refuses, by the code of the check, of the problem in the file, or of why an approval
 * does not count.
 */
export type End = 'github-refuses' | 'goes-unheard' | 'aws-denies' | (string & {})

/** `rest` waits until whatever the attacks of the scene began has come to rest. */
export type Act = (rest: () => Promise<void>) => Promise<Attempt>

export interface SceneOptions {
  /** Before the first act. */
  readonly before?: (world: TestWorld) => Promise<unknown>
  /** When all has come to rest for the first time, before the acts go on. */
  readonly between?: (world: TestWorld) => Promise<unknown>
  /** After the last act, before what came of it is waited for. */
  readonly after?: (world: TestWorld) => Promise<unknown>
}

/** Declares one attack: a test of that name. */
export type Attack = (name: string, end: End, act: Act) => void

const BUCKET = 'customer-exports'
const KEY = 'exports/2026/11/orders.csv'
export const LONGEST_SCENE = 600_000
/** Very much goes on at once. */
const REST_WITHIN = 400_000

export function startStage(options: WorldOptions): Promise<TestWorld> {
  return startWorld({ ...options, settleWithinMs: REST_WITHIN, heldPerKind: 20 })
}

/** To be called inside `describe`, which it makes a scene. */
export function stage(world: () => TestWorld, { before, between, after }: SceneOptions = {}): Attack {
  const acts: Act[] = []
  let outcomes: readonly PromiseSettledResult<Attempt>[] = []
  let roles: readonly string[] = []

  beforeAll(async () => {
    await before?.(world())
    let rested = 0
    outcomes = await playTogether(acts, async () => {
      await world().settled()
      if (rested++ === 0) await between?.(world())
    })
    await after?.(world())
    await world().settled()
    roles = await world().roles()
  }, LONGEST_SCENE)

  return (name, end, act) => {
    const index = acts.push(act) - 1
    test(name, async () => {
      const outcome = outcomes[index]
      if (outcome?.status !== 'fulfilled') throw outcome?.reason ?? new Error('the attack was never tried')
      await expectEnd(world(), outcome.value, end, roles)
    })
  }
}

/** Whoever rests waits for all others to rest or to be done. */
async function playTogether(
  acts: readonly Act[],
  comeToRest: () => Promise<void>,
): Promise<PromiseSettledResult<Attempt>[]> {
  let acting = acts.length
  let resting: { goOn(): void; fail(error: unknown): void }[] = []

  function look(): void {
    if (resting.length === 0 || resting.length < acting) return
    const all = resting
    resting = []
    comeToRest().then(
      () => {
        for (const { goOn } of all) goOn()
      },
      (error: unknown) => {
        for (const { fail } of all) fail(error)
      },
    )
  }

  const rest = () =>
    new Promise<void>((goOn, fail) => {
      resting.push({ goOn, fail })
      look()
    })
  const play = async (act: Act) => {
    try {
      return await act(rest)
    } finally {
      acting -= 1
      look()
    }
  }
  return Promise.allSettled(acts.map(play))
}

/** The app says why, no role of the request stands in IAM, and S3 denies the attacker. */
async function expectEnd(
  world: TestWorld,
  attempt: Attempt,
  end: End,
  roles: readonly string[],
): Promise<void> {
  const { path, attacker = 'alice' } = attempt
  const own = roleOf(attempt)
  if (!QUIET.has(end)) await expectTold(world, attempt, end)
  if (end !== 'aws-denies') expect(roles, `the role of ${path}`).not.toContain(own)
  await attempt.also?.()
  const alike = roles.filter((role) =>
    role.startsWith(own.slice(0, own.lastIndexOf('/') + 1 + stemOf(path).length)),
  )
  for (const role of new Set([own, ...alike]))
    expect(await readThrough(world, role, attacker)).toMatchObject({ kind: 'denied' })
  expect(await readAs(world, attacker)).toMatchObject({ kind: 'denied' })
}

/** Ends of which the app says nothing that could be looked at. */
const QUIET: ReadonlySet<End> = new Set(['github-refuses', 'goes-unheard', 'aws-denies'])

async function expectTold(world: TestWorld, attempt: Attempt, code: string): Promise<void> {
  const told = await toldOf(world, attempt)
  for (const words of wordsOf(code)) expect(told, `what is said of ${attempt.path}`).toContain(words)
}

function wordsOf(code: string): readonly string[] {
  const why = Object.entries(UNCOUNTED_REASONS).find(([reason]) => reason === code)?.[1]
  const isCheck = CHECKS.some((check) => check.code === code)
  return why === undefined || isCheck ? [`(\`${code}\`)`] : ['(`approvals-missing`)', why]
}

/** What the app says on the pull request, or in the one that takes the file out. */
async function toldOf(world: TestWorld, { repository, path, pull }: Attempt): Promise<string> {
  if (pull > 0) {
    const request = { repository, path, pull, branch: '', head: '', url: '' }
    return (await world.comment(request)) ?? 'nothing'
  }
  const told = (await world.reverts(repository)).map(({ body }) => body ?? '')
  return told.find((body) => body.includes(`\`${path}\``)) ?? 'nothing'
}

/** Anybody can work out what the role of a request would be called: it is a function of what writers know. */
function roleOf({ repository, path, pull }: Attempt): string {
  const id = repositoryId(repository)
  return `arn:aws:iam::111122223333:role${rolePathOf(id)}${roleNameOf({ repositoryId: id, path, pull })}`
}

async function readThrough(world: TestWorld, role: string, attacker: string): Promise<Outcome<string>> {
  const assumed = await world.assume(attacker, role)
  return assumed.kind === 'denied' ? assumed : world.read(assumed.value, BUCKET, KEY)
}

/** With nobody's role but the keys in hand; the SDK learns from a first refusal that the sandbox's clock was moved. */
function readAs(world: TestWorld, attacker: string): Promise<Outcome<string>> {
  const read = () => world.read(world.keys(attacker), BUCKET, KEY)
  return read().catch(read)
}

function repositoryId(repository: string): number {
  const { repo } = named(repository)
  const found = accessRepositories(MOST_SPARE).find(({ name }) => name === repo)
  if (found === undefined) throw new Error(`there is no repository ${repository}`)
  return found.id
}

const MOST_SPARE = 100

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.yaml$/, '')
}
