/** Who owns a path, asked of GitHub: nested teams, people without write access, addresses, and names of nobody. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Owner } from '../../src/core/evidence.ts'
import { newWorld, type World } from './world.ts'

const PATH = 'access-requests/prod/customer-exports/alice.yaml'

let world: World

beforeAll(async () => {
  world = await newWorld({
    teamsBelow: [
      { slug: 'night-shift', id: 202, members: ['mallory'], parent: 'data-owners' },
      { slug: 'juniors', id: 203, members: ['bob'], parent: 'night-shift' },
    ],
  })
})

afterAll(() => world.close())

/** Under a CODEOWNERS that gives everything to these. */
async function ownersBy(line: string): Promise<readonly Owner[]> {
  const { repos } = world.people.root
  const path = '.github/CODEOWNERS'
  const { data } = await repos.getContent({ ...world.at, path })
  const sha = 'sha' in data ? data.sha : ''
  const content = Buffer.from(`* ${line}\n`).toString('base64')
  const { data: put } = await repos.createOrUpdateFileContents({
    ...world.at,
    path,
    sha,
    content,
    message: line,
  })
  return (await world.open().reader.ownersOf(PATH, put.commit.sha ?? '')).owners
}

const loginsOf = (owner: Owner | undefined) =>
  owner?.kind === 'team' ? owner.members.map(({ login }) => login).sort() : owner

it('counts the members of every team below one that owns the path', async () => {
  const [owner] = await ownersBy('@acme/data-owners')
  expect(owner).toMatchObject({ kind: 'team', canWrite: true })
  expect(loginsOf(owner)).toEqual(['bob', 'mallory', 'olivia', 'oscar'])
})

it("lets a team own a path that has its access from the team above it, without that one's members", async () => {
  const [owner] = await ownersBy('@acme/night-shift')
  expect(owner).toMatchObject({ kind: 'team', canWrite: true })
  expect(loginsOf(owner)).toEqual(['bob', 'mallory'])
})

it('tells who can not count: addresses, unknown names, other organizations, people without write access', async () => {
  await world.people.root.repos.addCollaborator({ ...world.at, username: 'alice', permission: 'pull' })
  const owners = await ownersBy('olivia@acme.example @nobody-here @acme/no-such @other/team @alice @OSCAR')
  expect(owners).toMatchObject([
    { kind: 'email', text: 'olivia@acme.example' },
    { kind: 'unresolved', text: '@nobody-here' },
    { kind: 'unresolved', text: '@acme/no-such' },
    { kind: 'unresolved', text: '@other/team' },
    { kind: 'user', text: '@alice', permission: 'read' },
    { kind: 'user', text: '@OSCAR', person: { login: 'oscar' }, permission: 'write' },
  ])
})
