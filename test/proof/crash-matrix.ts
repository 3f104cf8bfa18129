/** Ends the app after each call of a flow, and loses the answer of each call: one run later the world is as it should be. */
import type { Flow } from './flows.ts'
import type { Mishap } from './line.ts'
import { readWorld } from './read-world.ts'
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
  const world = await readWorld(stage, place)
  const missing = flow.leads.filter((line) => !world.some((told) => line.test(told)))
  if (failed.length > 0 || missing.length > 0)
    throw new Error(
      `${flow.name} does not lead to ${missing.join(', ')}: ${[...failed, ...world].join('\n')}`,
    )
  return { calls, world }
}

export interface Tally {
  readonly flow: string
  /** Calls of the flow: it is ended after each, and the answer of each is lost. */
  readonly calls: number
  /** What was otherwise than it should be, by point. */
  readonly wrong: readonly string[]
}

/** All points of a flow. */
export async function runAllPoints(stages: Stages, flow: Flow): Promise<Tally> {
  const course = await runUndisturbed(stages, flow)
  const wrong: string[] = []
  for (const [index, call] of course.calls.entries()) {
    for (const mishap of mishapsAt(index + 1)) {
      const found = await runDisturbed(stages, flow, course, mishap)
      if (found.length > 0)
        wrong.push(`${flow.name}, ${mishap.kind} at call ${index + 1} (${call}):`, ...found)
    }
  }
  return { flow: flow.name, calls: course.calls.length, wrong }
}

/** The two things that can happen to the n-th call, from 1. */
export function mishapsAt(call: number): readonly Mishap[] {
  return [
    { kind: 'killed', after: call },
    { kind: 'unheard', call },
  ]
}

/** What is otherwise than it should be one run after the mishap, as lines with + and -. */
export async function runDisturbed(
  stages: Stages,
  flow: Flow,
  course: Course,
  mishap: Mishap,
): Promise<readonly string[]> {
  const { stage, app, place } = await begin(stages, flow)
  app.line.await(mishap)
  await app.look()
  if (!app.line.struck && mishap.kind === 'unheard') return ['the call was never made']
  const again = mishap.kind === 'killed' ? stage.startApp(place) : app
  await again.look()
  const world = await readWorld(stage, place)
  return [
    ...course.world.filter((line) => !world.includes(line)).map((line) => `- ${line}`),
    ...world.filter((line) => !course.world.includes(line)).map((line) => `+ ${line}`),
  ]
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
