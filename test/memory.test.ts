/** What the process remembers of requests that are over: nothing, or it would grow for as long as it runs. */
import { afterAll, expect, test } from 'vitest'
import type { Memory } from '../src/world.ts'
import { createStages } from './proof/stages.ts'
import { requestYaml } from './support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const HOUR = 3600

const stages = createStages(1)
afterAll(() => stages.close())

/** By the name of what is remembered, how much of it. */
function sizesOf(memory: Memory): Readonly<Record<string, number>> {
  const sized = Object.entries(memory).filter(([, value]) => value instanceof Map || value instanceof Set)
  return Object.fromEntries(sized.map(([name, value]) => [name, value.size]))
}

test('a request that is over is remembered by nothing, and one that stands still is', async () => {
  const { stage, place } = await stages.next()
  const app = stage.startApp(place)
  const grant = async (name: string, duration: string) => {
    const yaml = requestYaml({ duration })
    const request = await stage.openRequest('alice', place.name, `${FOLDER}/${name}.yaml`, yaml)
    await app.look()
    await stage.approve('olivia', request)
    await stage.merge('olivia', request)
    expect(await app.look()).toEqual([])
    return request
  }
  await grant('standing', '12h')
  expect(await app.look()).toEqual([])
  const before = sizesOf(app.memory)
  expect(before).toMatchObject({ published: 1, upheld: 1, allowed: 1 })

  for (const name of ['one', 'two']) {
    await grant(name, '30m')
    stage.setTime(stage.now() + HOUR)
    // The first takes it down, the second finds it gone from AWS and from the branch.
    expect(await app.look()).toEqual([])
    expect(await app.look()).toEqual([])
  }
  stage.setTime(stage.now() + 10 * 60)
  expect(await app.look()).toEqual([])

  expect(sizesOf(app.memory)).toEqual(before)
})
