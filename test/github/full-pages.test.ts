/** Lists whose last page is full: GitHub answers 304 for that page also when there is one after it by now. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commit, grantedRequest, newWorld, PATH, propose, review, TERMS, TEXT, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

it('sees a change request that is the first review on the second page', async () => {
  await commit(world, 'alice', 'ask', { [PATH]: TEXT }, 'Ask')
  const pull = await propose(world, 'alice', 'ask')
  await review(world, 'olivia', pull)
  for (let made = 1; made < 100; made++) await review(world, 'mallory', pull, 'COMMENT')
  const { reader } = world.open()
  const readReviews = async () => (await reader.previewEvidence(pull, PATH, TERMS)).pull?.reviews
  expect(await readReviews()).toHaveLength(100)

  await review(world, 'olivia', pull, 'REQUEST_CHANGES')

  expect((await readReviews())?.at(-1)).toMatchObject({ state: 'changes-requested' })
})

it('hears a command that is the first comment on the second page', async () => {
  const { pull } = await grantedRequest(world)
  const say = (login: 'mallory' | 'olivia', body: string) =>
    world.people[login].issues.createComment({ ...world.at, issue_number: pull, body })
  for (let made = 0; made < 100; made++) await say('mallory', `hm ${made}`)
  const { reader } = world.open()
  expect(await reader.endCommands(0)).toEqual([])

  await say('olivia', '/daypass revoke')

  expect(await reader.endCommands(0)).toMatchObject([{ pull, by: { login: 'olivia' } }])
})

it('asks for pages of comments by their ETags alone, though they hold more than is kept', async () => {
  const { pull } = await grantedRequest(world)
  const say = (login: 'mallory' | 'olivia', body: string) =>
    world.people[login].issues.createComment({ ...world.at, issue_number: pull, body })
  for (let made = 0; made < 560; made++) await say('mallory', 'x'.repeat(65_000))
  await say('olivia', '/daypass revoke')
  const { reader } = world.open()
  const commands = await reader.endCommands(0)
  expect(commands).toMatchObject([{ pull, by: { login: 'olivia' } }])
  world.callsOfApp()

  expect(await reader.endCommands(0)).toEqual(commands)
  expect(world.callsOfApp()).toEqual(Array(6).fill(expect.stringMatching(/issues\/comments.* 304$/)))
})

it('asks for a page that is not full by its ETag alone', async () => {
  const { pull } = await grantedRequest(world)
  await world.people.olivia.issues.createComment({ ...world.at, issue_number: pull, body: 'Fine.' })
  const { reader } = world.open()
  await reader.endCommands(0)
  world.callsOfApp()
  await reader.endCommands(0)
  expect(world.callsOfApp()).toEqual([expect.stringMatching(/issues\/comments.* 304$/)])
})
