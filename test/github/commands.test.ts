import { afterEach, beforeEach, expect, it } from 'vitest'
import { commit, newWorld, PATH, propose, TEXT, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

it.each([
  ['not edited', 'in the second after it was written', 1, false],
  ['edited', 'later', 2, true],
])('a command is taken for %s where it was last changed %s', async (_, __, seconds, edited) => {
  await commit(world, 'alice', 'ask', { [PATH]: TEXT })
  const pull = await propose(world, 'alice', 'ask')
  await world.people.alice.issues.createComment({ ...world.at, issue_number: pull, body: '/daypass revoke' })
  world.bend = (url, data) => {
    if (url !== '/repos/{owner}/{repo}/issues/comments') return data
    return (data as { created_at: string }[]).map((comment) => {
      const changed = new Date(Date.parse(comment.created_at) + seconds * 1000)
      return { ...comment, updated_at: changed.toISOString().replace(/\.\d+/, '') }
    })
  }

  expect(await world.open().reader.endCommands(0)).toMatchObject([{ pull, by: { login: 'alice' }, edited }])
})
