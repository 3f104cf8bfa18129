/** Attacks by where a request lies and what kind of file it is. All are approved and merged by an owner who did not look. */
import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, type End, stage } from './stage.ts'
import { type Entry, FOLDER, forge, openPull, refusalOf } from './support.ts'

/** `own` gives a repository that nobody else uses, each time another. */
export function paths(world: () => TestWorld, own: () => string): void {
  describe('the path', () => {
    const attack = stage(world)
    const at = (name: string, end: End, path: string) =>
      attack(name, end, () =>
        land(world(), world().repositories.unprotected, { path, mode: '100644', content: requestYaml({}) }),
      )
    otherPlaces(at)
    lookalikes(at)
    bucketNames(at)
    otherKinds(world, attack, own)
  })
}

/** One entry of any kind, in a pull request that an owner approves and merges. */
async function land(world: TestWorld, repository: string, entry: Entry) {
  const alice = world.github('alice')
  const branch = `ask-${createHash('sha256').update(entry.path).digest('hex').slice(0, 12)}`
  const head = await forge(alice, repository, { branch, entries: [entry] })
  const request = { ...(await openPull(alice, repository, { branch, path: entry.path })), head }
  await world.approve('olivia', request)
  await world.merge('olivia', request)
  return request
}

type At = (name: string, end: End, path: string) => void

function otherPlaces(at: At): void {
  at(
    'a request lies in the path of a bucket that is not lent',
    'bucket-not-lendable',
    'access-requests/prod/customer-exports-copy/a.yaml',
  )
  at(
    'a request lies in the path of an account that there is not',
    'account-unknown',
    'access-requests/production/customer-exports/a.yaml',
  )
  at('a request lies in a folder below its bucket', 'path-shape', `${FOLDER}/team/a.yaml`)
  at('a request lies above its bucket', 'path-shape', 'access-requests/prod/a.yaml')
  at(
    'a request lies in a folder that begins like the one for requests',
    'goes-unheard',
    'access-requests-2/prod/customer-exports/a.yaml',
  )
  at('a request has a hidden name', 'goes-unheard', `${FOLDER}/.a.yaml`)
  at('a request has a path of very many characters', 'path-too-long', `${FOLDER}/${'long-'.repeat(40)}a.yaml`)
}

function lookalikes(at: At): void {
  at('the path says `%2e%2e` to step up', 'bucket-name', 'access-requests/prod/%2e%2e/percent.yaml')
  at('the path has a folder of three dots', 'bucket-name', 'access-requests/prod/.../dots.yaml')
  at('the bucket in the path ends in a dot', 'bucket-name', 'access-requests/prod/customer-exports./dot.yaml')
  at(
    'the bucket in the path ends in a space',
    'path-characters',
    'access-requests/prod/customer-exports /space.yaml',
  )
  at('the file name ends in a space', 'path-characters', `${FOLDER}/tail.yaml `)
  at('the file name has a line end in it', 'path-characters', `${FOLDER}/line\n.yaml`)
  at(
    'the bucket in the path differs by case',
    'bucket-name',
    'access-requests/prod/Customer-Exports/case.yaml',
  )
  at('the file name differs by case from another', 'request-name', `${FOLDER}/Honest.yaml`)
  at('the extension differs by case', 'path-extension', `${FOLDER}/shout.YAML`)
  at(
    'the folder for requests differs by case',
    'goes-unheard',
    'Access-Requests/prod/customer-exports/folder.yaml',
  )
  at(
    'the bucket in the path has a look-alike letter',
    'path-characters',
    'access-requests/prod/сustomer-exports/cyrillic.yaml',
  )
  at('the file name has an accent in one character', 'path-characters', `${FOLDER}/caf\u00e9.yaml`)
  at('the file name has an accent in two characters', 'path-characters', `${FOLDER}/cafe\u0301.yaml`)
  at('the file name runs backwards', 'path-characters', `${FOLDER}/a\u202elmay.yaml`)
}

function bucketNames(at: At): void {
  at('the bucket in the path is a star', 'bucket-name', 'access-requests/prod/*/star.yaml')
  at(
    'the bucket in the path begins like a lent one and ends in a star',
    'bucket-name',
    'access-requests/prod/customer-*/stars.yaml',
  )
  at(
    'the bucket in the path is a policy variable',
    'bucket-name',
    'access-requests/prod/\u0024{aws:username}/variable.yaml',
  )
  at(
    'the bucket in the path is an ARN',
    'bucket-name',
    'access-requests/prod/arn:aws:s3:::customer-exports/arn.yaml',
  )
  at(
    'the bucket in the path closes the ARN and opens another',
    'bucket-name',
    'access-requests/prod/a","arn:aws:s3:::customer-exports/quote.yaml',
  )
  at(
    'the bucket in the path is the alias of an access point',
    'bucket-name',
    'access-requests/prod/customer-exports-s3alias/alias.yaml',
  )
}

function otherKinds(world: () => TestWorld, attack: Attack, own: () => string): void {
  const open = () => world().repositories.unprotected
  const content = requestYaml({})

  attack('the path steps up by `..`', 'github-refuses', async () => {
    const path = 'access-requests/prod/clickstream/../customer-exports/up.yaml'
    const made = forge(world().github('alice'), open(), {
      branch: 'step-up',
      entries: [{ path, mode: '100644', content }],
    })
    expect(await refusalOf(made)).toBe(422)
    return { repository: open(), path, pull: 0 }
  })

  attack('the request is a symbolic link to an approved one', 'not-text', () =>
    land(world(), open(), { path: `${FOLDER}/link.yaml`, mode: '120000', content: 'honest.yaml' }),
  )

  attack('the request is a submodule', 'not-text', () =>
    land(world(), open(), { path: `${FOLDER}/module.yaml`, mode: '160000', sha: '0123456789'.repeat(4) }),
  )

  attack('the request is an executable file', 'not-a-regular-file', () =>
    land(world(), open(), { path: `${FOLDER}/script.yaml`, mode: '100755', content }),
  )

  attack('a folder for requests is a symbolic link to another', 'path-shape', () =>
    land(world(), open(), {
      path: 'access-requests/prod/billing-archive',
      mode: '120000',
      content: 'customer-exports',
    }),
  )

  attack('the folder for requests is a symbolic link itself', 'path-shape', async () => {
    const repository = own()
    await world().commit('oscar', repository, 'main', { 'access-requests/README.md': null })
    const entry: Entry = { path: 'access-requests', mode: '120000', content: 'elsewhere' }
    return land(world(), repository, entry)
  })
}
