/** Ends the app after each call of a flow, and loses the answer of each call: one run later the world is as it should be. */
import type { Flow } from './flows.ts'
import type { Mishap } from './line.ts'
import { readWorld } from './read-world.ts'
import type { Place, Stage } from './stage.ts'
import type { Stages } from './stages.ts'

export interface Course {
  /** What the undisturbed flow calls. */
  readonly calls: readonly string[]
  readonly world: readonly string[]
}

/** As it goes when nothing happens to the app; throws where it does not lead where it should. */
export async function runUndisturbed(stages: Stages, flow: Flow): Promise<Course> {
  const { stage, app, place } = await begin(stages, flow)
  app.line.await({ kind: 'none' })
  const failed = await app.look()
  const { calls } = app.line
  const world = await readSettled(stage, place, flow)
  const missing = flow.leads.filter((line) => !world.some((told) => line.test(told)))
  if (failed.length > 0 || missing.length > 0)
    throw new Error(
      `${flow.name} does not lead to ${missing.join(', ')}: ${[...failed, ...world].join('\n')}`,
    )
  return { calls, world }
}

export interface Tally {
  readonly flow: string
  /** After how many calls it was ended, and of how many calls the answer was lost: of each that there is. */
  readonly points: Readonly<Record<'killed' | 'unheard', number>>
  /** What was otherwise than it should be, by point. */
  readonly wrong: readonly string[]
}

/** All points of a flow. */
export async function runAllPoints(stages: Stages, flow: Flow): Promise<Tally> {
  const course = await runUndisturbed(stages, flow)
  const points = { killed: 0, unheard: 0 }
  const wrong: string[] = []
  // Which of two calls at a time comes first is not always the same, nor is how many there are.
  for (let call = 1; ; call += 1) {
    const reached = points.killed + points.unheard
    for (const mishap of mishapsAt(call)) {
      const found = await runDisturbed(stages, flow, course, mishap)
      if (found === undefined) continue
      points[mishap.kind] += 1
      if (found.length > 0) wrong.push(`${flow.name}, ${mishap.kind} at call ${call}:`, ...found)
    }
    if (points.killed + points.unheard === reached) return { flow: flow.name, points, wrong }
  }
}

/** The two things that can happen to the n-th call, from 1. */
export function mishapsAt(call: number) {
  return [
    { kind: 'killed', call },
    { kind: 'unheard', call },
  ] as const satisfies readonly Mishap[]
}

/** What is otherwise than it should be one run after the mishap, as lines with + and -; undefined where it never came to that. */
export async function runDisturbed(
  stages: Stages,
  flow: Flow,
  course: Course,
  mishap: ReturnType<typeof mishapsAt>[number],
): Promise<readonly string[] | undefined> {
  const { stage, app, place } = await begin(stages, flow)
  app.line.await(mishap)
  await app.look()
  if (app.line.calls.length < mishap.call) return undefined
  const again = mishap.kind === 'killed' ? stage.startApp(place) : app
  await again.look()
  const world = await readSettled(stage, place, flow)
  return [
    ...course.world.filter((line) => !world.includes(line)).map((line) => `- ${line}`),
    ...world.filter((line) => !course.world.includes(line)).map((line) => `+ ${line}`),
  ]
}

function readSettled(stage: Stage, place: Place, { settlesIn = 0 }: Flow): Promise<readonly string[]> {
  stage.setTime(stage.now() + settlesIn)
  return readWorld(stage, place)
}

/** The same second in a repository of its own. */
async function begin(stages: Stages, flow: Flow) {
  const { stage, place } = await stages.next()
  stage.setTime(BEGINNING)
  const app = stage.startApp(place)
  await app.look()
  await flow.prepare(stage, place, app)
  return { stage, app, place }
}

const BEGINNING = Date.parse('2026-11-24T09:00:00Z') / 1000
