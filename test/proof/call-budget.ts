/** Counts the app's calls where nothing changed, from a merge to its grant, and from the end of a window to its denial. */
import type { Call } from '../../src/sandbox/calls.ts'
import { requestYaml } from '../support/world.ts'
import type { App, Place, Stage } from './stage.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const HOUR = 3600
/** So long that calls which wait for no other one overlap. */
const LATENCY_MS = 100

/** What a look calls where nothing changed, one line for each call: what is asked, and how it was answered. */
export async function measureIdle(
  stage: Stage,
  place: Place,
  pastRequests: number,
): Promise<readonly string[]> {
  const app = stage.startApp(place)
  for (let past = 0; past < pastRequests; past += 1) {
    await grant(stage, place, app, `past-${past}`, '30m')
    stage.setTime(stage.now() + HOUR)
    await app.look()
  }
  await grant(stage, place, app, 'standing', '4h')
  await app.look()
  stage.setTime(stage.now() + 5 * 60)
  await app.look()
  stage.setTime(stage.now() + 5 * 60)
  const calls = await callsOf(stage, () => app.look())
  return calls.map(({ target, status }) => `${targetOf(target, place)} ${status}`).sort()
}

/** How many round trips one after the other lead from a merge to the last write that opens its access, with another access standing. */
export async function measureGrant(stage: Stage, place: Place): Promise<number> {
  const app = stage.startApp(place)
  await grant(stage, place, app, 'standing', '4h')
  const request = await approved(stage, place, app, 'new', '2h')
  await app.look()
  await stage.merge('olivia', request)
  const calls = await slowly(stage, ['github', 'aws'], () => app.look())
  const last = calls.filter(({ target }) => /^iam:(Create|Put|Update)/.test(target)).at(-1)
  if (last === undefined) throw new Error('nothing was granted')
  return waitedFor(calls, last).length
}

/** How often a look asks what the branch gained and how it moved, after one more merge while so many grants stand. */
export async function measureMerge(stage: Stage, place: Place, standing: number) {
  const app = stage.startApp(place)
  for (let name = 0; name < standing; name += 1) await grant(stage, place, app, `standing-${name}`, '4h')
  const request = await approved(stage, place, app, 'new', '2h')
  await stage.merge('olivia', request)
  const targets = (await callsOf(stage, () => app.look())).map(({ target }) => targetOf(target, place))
  const count = (start: string) => targets.filter((target) => target.startsWith(start)).length
  return { compare: count('compare/'), activity: count('activity?') }
}

/** What was asked before a grant was denied at its end, and what denied it. */
export async function measureDenial(stage: Stage, place: Place): Promise<readonly string[]> {
  const app = stage.startApp(place)
  await grant(stage, place, app, 'ending', '30m')
  stage.setTime(stage.now() + HOUR / 2)
  // GitHub alone is slow: whatever waits for it comes after all of this.
  const calls = await slowly(stage, ['github'], () => app.look())
  const denial = calls.find(({ target }) => target === 'iam:UpdateAssumeRolePolicy')
  if (denial === undefined) throw new Error('nothing was denied')
  return [...waitedFor(calls, denial), denial].map(({ target }) => target)
}

async function grant(stage: Stage, place: Place, app: App, name: string, duration: string): Promise<void> {
  const request = await approved(stage, place, app, name, duration)
  await stage.merge('olivia', request)
  await app.look()
}

async function approved(stage: Stage, place: Place, app: App, name: string, duration: string) {
  const path = `${FOLDER}/${name}.yaml`
  const request = await stage.openRequest('alice', place.name, path, requestYaml({ duration }))
  await app.look()
  await stage.approve('olivia', request)
  await app.look()
  return request
}

async function callsOf(stage: Stage, act: () => Promise<unknown>): Promise<readonly Call[]> {
  stage.calls.clear()
  await act()
  return stage.calls.list().filter(({ caller }) => caller === 'app')
}

async function slowly(
  stage: Stage,
  services: readonly ('github' | 'aws')[],
  act: () => Promise<unknown>,
): Promise<readonly Call[]> {
  for (const service of services)
    stage.faults.order({ service, caller: 'app', fault: { kind: 'latency', ms: LATENCY_MS } })
  try {
    return await callsOf(stage, act)
  } finally {
    stage.faults.clear()
  }
}

/** The chain of calls that led to this one, each of which ended last before the next began. */
function waitedFor(calls: readonly Call[], call: Call): readonly Call[] {
  const before = calls.find(({ sequence }) => sequence === call.after)
  return before === undefined ? [] : [...waitedFor(calls, before), before]
}

/** Without what differs from one repository and day to the next. */
function targetOf(target: string, { name }: Place): string {
  return decodeURIComponent(target)
    .replace(`/api/v3/repos/${name}/`, '')
    .replace(/since=[^&]+/, 'since=TIME')
}
