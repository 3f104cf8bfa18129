import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MOST_REQUESTS } from '../../src/github/snapshot.ts'
import { CutOff, Unreadable } from '../../src/ports.ts'
import { commit, newWorld, PATH, TEXT, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

it('holds the requests, the rules and the CODEOWNERS of one commit', async () => {
  const sha = await commit(world, 'root', 'main', {
    [PATH]: TEXT,
    'access-requests/prod/README.md': 'not a request',
    'access-requests/.keep': '',
    'docs/CODEOWNERS': '* @mallory\n',
  })
  const snapshot = await world.open().reader.snapshot()
  expect(snapshot.commit).toBe(sha)
  expect(snapshot.requests).toMatchObject([{ path: PATH, mode: '100644', text: TEXT }])
  expect(snapshot.rules).toMatchObject({
    path: '.github/daypass.yml',
    text: expect.stringContaining('buckets:'),
  })
  expect(snapshot.codeowners).toMatchObject({ path: '.github/CODEOWNERS' })
})

it('names what is no regular file, without a text', async () => {
  const { people, at } = world
  const head = await people.root.git.getRef({ ...at, ref: 'heads/main' })
  const parent = head.data.object.sha
  const link = { path: PATH, mode: '120000', type: 'blob', content: '../../README.md' } as const
  const tree = await people.root.git.createTree({ ...at, base_tree: parent, tree: [link] })
  const made = await people.root.git.createCommit({
    ...at,
    message: 'Link',
    tree: tree.data.sha,
    parents: [parent],
  })
  await people.root.git.updateRef({ ...at, ref: 'heads/main', sha: made.data.sha })
  const { requests } = await world.open().reader.snapshot()
  expect(requests).toMatchObject([{ path: PATH, mode: '120000' }])
  expect(requests[0]).not.toHaveProperty('text')
})

it('has no text for a file that is not UTF-8, or far too long', async () => {
  const { people, at } = world
  const content = Buffer.from([0x72, 0xff, 0xfe]).toString('base64')
  await people.root.repos.createOrUpdateFileContents({ ...at, path: PATH, message: 'Bytes', content })
  await commit(world, 'root', 'main', { 'access-requests/prod/long.yaml': 'x'.repeat(70_000) })
  const { requests } = await world.open().reader.snapshot()
  expect(requests.map(({ text }) => text)).toEqual([undefined, undefined])
})

it('reads the text of those requests alone that are wanted, however many somebody brings', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [
      `access-requests/prod/logs/${index}.yaml`,
      `${TEXT}# ${index}\n`,
    ]),
  )
  const sha = await commit(world, 'mallory', 'many', { [PATH]: TEXT, ...many })
  const { reader } = world.open()
  world.callsOfApp()

  const { requests } = await reader.snapshot(sha, [PATH])

  expect(requests).toHaveLength(31)
  expect(requests.filter(({ text }) => text !== undefined)).toMatchObject([{ path: PATH, text: TEXT }])
  expect(world.callsOfApp().filter((call) => call.includes('/git/blobs/')).length).toBeLessThanOrEqual(3)
})

describe('more requests than are read', () => {
  const folder = 'access-requests/prod/logs'
  const filesOf = (count: number, text: (index: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${folder}/${index}.yaml`, text(index)]))

  it.each([
    ['by their number', MOST_REQUESTS + 1, (index: number) => `# ${index}\n`],
    ['by their size', 300, (index: number) => `# ${index} ${'x'.repeat(60_000)}\n`],
  ])('are refused, %s, before any is read', async (_, count, text) => {
    await commit(world, 'mallory', 'main', filesOf(count, text))
    const { reader } = world.open()
    const reading = reader.snapshot()
    await expect(reading).rejects.toBeInstanceOf(CutOff)
    await expect(reading).rejects.toThrow(`${count} files of `)
    expect(await reader.branchHead(), 'what the end of an access needs').toMatch(/^[0-9a-f]{40}$/)
    // Rules and owners are read beside.
    expect(world.callsOfApp().filter((call) => call.includes('/git/blobs/')).length).toBeLessThanOrEqual(2)
  })

  it('are read where they are just as many as that', async () => {
    // One blob, so that it is read once.
    await commit(
      world,
      'mallory',
      'main',
      filesOf(MOST_REQUESTS, () => TEXT),
    )
    expect((await world.open().reader.snapshot()).requests).toHaveLength(MOST_REQUESTS)
  })
})

it('asks only for the branch when nothing changed, and that conditionally', async () => {
  const { reader } = world.open()
  const first = await reader.snapshot()
  await reader.openPulls()
  world.callsOfApp()
  expect(await reader.snapshot()).toEqual(first)
  await reader.openPulls()
  expect(world.callsOfApp()).toEqual([
    'GET /repos/acme/access-open/git/ref/heads%2Fmain 304',
    'GET /repos/acme/access-open/pulls?state=open&per_page=100 304',
  ])
})

it('sees what changed although the answer before is remembered', async () => {
  const { reader } = world.open()
  await reader.snapshot()
  await commit(world, 'root', 'main', { [PATH]: TEXT })
  expect((await reader.snapshot()).requests).toHaveLength(1)
})

it('says what could not be read, why, and which permission is missing', async () => {
  await world.close()
  world = await newWorld({ permissions: { metadata: 'read', pull_requests: 'write' } })
  const reading = world.open().reader.snapshot()
  await expect(reading).rejects.toBeInstanceOf(Unreadable)
  await expect(reading).rejects.toThrow(
    /the branch main of acme\/access-open: GitHub answered 403 .*contents/i,
  )
})

it('says so when GitHub can not be reached, rather than to take it for empty', async () => {
  const { reader } = world.open()
  await reader.snapshot()
  await world.close()
  const reading = reader.snapshot()
  await expect(reading).rejects.toBeInstanceOf(Unreadable)
  await expect(reading).rejects.toThrow(/the branch main of acme\/access-open: GitHub could not be reached/)
  world = await newWorld()
})
