import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Authenticate, createDirectory } from '../../src/github/directory.ts'
import { REPOSITORIES } from '../../src/sandbox/seed.ts'
import { newWorld, type World } from './world.ts'

const MINUTE = 60_000
const HTML = 'https://github.test'

let world: World
let now: number

beforeEach(async () => {
  world = await newWorld()
  now = Date.parse('2026-11-24T09:00:00Z')
})
afterEach(() => world.close())

const wanted = () => ({ id: REPOSITORIES.unprotected.id, trustedCommit: world.trustedCommit })
const rename = (name: string) => world.people.root.repos.update({ ...world.at, name })

const directoryBy = (authenticate: Authenticate) => createDirectory(authenticate, HTML, () => now)

it('finds a repository that was renamed, though no event told of it, within the hour', async () => {
  const directory = directoryBy(world.authenticate)
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
  await rename('access-renamed')

  now += 59 * MINUTE
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
  now += MINUTE
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-renamed`)
})

it('finds it within minutes where something failed meanwhile', async () => {
  const directory = directoryBy(world.authenticate)
  await directory.find(wanted())
  await rename('access-renamed')
  directory.doubt()

  now += 3 * MINUTE
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
  now += MINUTE
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-renamed`)
})

it('asks GitHub once for all that is looked for at the same time, and not again soon', async () => {
  const directory = directoryBy(world.authenticate)
  await Promise.all([
    directory.find(wanted()),
    directory.find({ ...wanted(), id: REPOSITORIES.protected.id }),
  ])
  await directory.find(wanted())
  expect(world.callsOfApp().filter((call) => call.startsWith('GET /app/installations?'))).toHaveLength(1)
})

it('goes on with what was known while GitHub can not be reached, and says so where nothing was', async () => {
  let isDown = false
  const authenticate: Authenticate = async (id) => {
    if (isDown) throw new Error('the network is down')
    return world.authenticate(id)
  }
  const directory = directoryBy(authenticate)
  await directory.find(wanted())
  isDown = true
  now += 60 * MINUTE

  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
  await expect(directoryBy(authenticate).find(wanted())).rejects.toThrow('the network is down')
})

/** As where somebody else installed the app, and lets nobody in: GitHub lists the installation and gives no token for it. */
const withStranger =
  (isOwnBroken: () => boolean): Authenticate =>
  async (id) => {
    const octokit = await world.authenticate(id !== undefined && isOwnBroken() ? 999 : id)
    if (id === undefined)
      octokit.hook.wrap('request', async (request, options) => {
        const answer = await request(options)
        if (Array.isArray(answer.data)) answer.data = [{ ...answer.data[0], id: 999 }, ...answer.data]
        return answer
      })
    return octokit
  }

it('is held up by no installation that can not be read', async () => {
  const directory = directoryBy(withStranger(() => false))
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
})

it('never takes what it could not read for what is not installed, and tries again soon', async () => {
  let isOwnBroken = true
  const directory = directoryBy(withStranger(() => isOwnBroken))
  await expect(directory.find(wanted())).rejects.toThrow('the repositories of installation')
  isOwnBroken = false
  now += 15_000
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
  isOwnBroken = true
  now += 60 * MINUTE
  expect((await directory.find(wanted()))?.url).toBe(`${HTML}/acme/access-open`)
})

it('knows of no repository that the app is not installed on', async () => {
  expect(await directoryBy(world.authenticate).find({ ...wanted(), id: 4711 })).toBeUndefined()
})
