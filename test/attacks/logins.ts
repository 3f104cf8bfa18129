/** Attacks by names that change hands: GitHub lets people take another login, and others the one that is free then. */
import { Octokit } from '@octokit/rest'
import { describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { stage } from './stage.ts'
import { ask, CODEOWNERS, expectReading } from './support.ts'

/** Olivia and oscar by their logins; elsewhere they own by their team. */
const BY_NAME = '* @acme/data-owners\n/access-requests/ @olivia @oscar\n'

export function logins(world: () => TestWorld): void {
  const byName = () => world().repositories.spare[0] ?? 'none is left'
  /** Whoever has joined as `oscar` since. */
  let newcomer: Octokit

  describe('names that change hands', () => {
    const attack = stage(world, {
      before: (world) => world.land(byName(), { branch: 'by-name', files: { [CODEOWNERS]: BY_NAME } }),
      async between(world) {
        await changeAccounts(world, { rename: 'oscar', to: 'oscar-olsen' })
        const { token } = await changeAccounts(world, { join: 'oscar' })
        newcomer = new Octokit({ auth: token, baseUrl: `${world.ready.github.url}/api/v3` })
        for (const repository of [byName(), world.repositories.unprotected])
          await world
            .github('root')
            .repos.addCollaborator({ ...named(repository), username: 'oscar', permission: 'pull' })
        await changeAccounts(world, { rename: 'alice', to: 'alice-smith' })
        await changeAccounts(world, { rename: 'mallory', to: 'alice' })
      },
    })

    async function approveAsNewcomer({ repository, pull, head }: OpenedRequest): Promise<void> {
      await newcomer.pulls.createReview({
        ...named(repository),
        pull_number: pull,
        commit_id: head,
        event: 'APPROVE',
      })
    }

    attack('a newcomer takes the login of an owner, and approves', 'not-an-owner', async (rest) => {
      const yaml = requestYaml({ requester: 'bob' })
      const request = await ask(world(), { name: 'newcomer', login: 'bob', repository: byName(), yaml })
      await rest()
      await approveAsNewcomer(request)
      await world().merge('olivia', request)
      return { ...request, attacker: 'bob' }
    })

    attack(
      'an approval is left by an owner whose login is another one’s by now',
      'not-an-owner',
      async (rest) => {
        const yaml = requestYaml({ requester: 'bob' })
        const request = await ask(world(), { name: 'left', login: 'bob', repository: byName(), yaml })
        await world().approve('oscar', request)
        await rest()
        await world().merge('olivia', request)
        return { ...request, attacker: 'bob' }
      },
    )

    attack('a newcomer takes the login of a member of the team that owns', 'not-an-owner', async (rest) => {
      const request = await ask(world(), { name: 'not-in-the-team', login: 'bob' })
      await rest()
      await approveAsNewcomer(request)
      await world().merge('olivia', request)
      return { ...request, attacker: 'bob' }
    })

    attack(
      'somebody takes the login that an approved request names',
      'requester-not-author',
      async (rest) => {
        const request = await ask(world(), { name: 'taken-over' })
        await world().approve('olivia', request)
        await rest()
        await world().merge('olivia', request)
        return { ...request, attacker: 'mallory' }
      },
    )

    attack('somebody asks under the login of another', 'aws-denies', async (rest) => {
      await rest()
      const yaml = requestYaml({ requester: 'alice' })
      const request = await ask(world(), { name: 'in-the-name-of', login: 'mallory', yaml })
      await world().approve('olivia', request)
      await world().merge('olivia', request)
      return { ...request, attacker: 'mallory' }
    })

    let honest: OpenedRequest
    attack('who was renamed approves, and the newcomer asks S3', 'aws-denies', async (rest) => {
      await rest()
      honest = await ask(world(), { name: 'renamed', login: 'bob' })
      await world().approve('oscar', honest)
      await world().merge('olivia', honest)
      return { ...honest, attacker: 'mallory' }
    })

    test('whom the team still has under another login is heard', () => expectReading(world(), 'bob', honest))
  })
}

async function changeAccounts(world: TestWorld, order: object): Promise<{ readonly token: string }> {
  const response = await fetch(`${world.ready.control.url}/accounts`, {
    method: 'POST',
    body: JSON.stringify(order),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as { token: string }
}
