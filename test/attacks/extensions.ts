/** Attacks by way of an extension: more than time, time that nobody approved, and time for what is over. */
import { describe } from 'vitest'
import type { OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Act, type Attack, stage } from './stage.ts'
import { ask, GREEDY, type Granted, grant, moveBranch, push } from './support.ts'

const LONGER = requestYaml({ duration: '8h' })

/** `own`: a repository for one attack to spoil. */
export function extensions(world: () => TestWorld, own: () => string): void {
  describe('an extension', () => {
    const attack: Attack = stage(world)
    change(world, attack)
    approval(world, attack)
    branch(world, attack, own)
  })
}

interface Change {
  readonly name: string
  readonly yaml: string
  readonly login?: string
  /** Whose grant it is. */
  readonly of?: string
}

async function propose(world: TestWorld, granted: Granted, { name, yaml, login = 'alice' }: Change) {
  const { repository, path } = granted
  const opened = await world.propose(login, repository, { branch: `${name}-more`, files: { [path]: yaml } })
  return { ...opened, path }
}

/** Opens a pull request that changes a granted request; the rest of what happens to it is the attack. */
function changing(
  world: () => TestWorld,
  asked: Change,
  act: (opened: OpenedRequest) => Promise<unknown>,
): Act {
  return async (rest) => {
    const { name, of = 'alice' } = asked
    const granted = await grant(world(), { name, login: of, ...(of === 'olivia' && { yaml: OWN }) })
    await rest()
    const opened = await propose(world(), granted, asked)
    await act(opened)
    return { ...opened, attacker: of }
  }
}

const OWN = requestYaml({ requester: 'olivia' })

function change(world: () => TestWorld, attack: Attack): void {
  const approved = (name: string, yaml: string) =>
    changing(world, { name, yaml }, async (opened) => {
      await world().approve('olivia', opened)
      await world().merge('olivia', opened)
    })

  attack(
    'a granted request is widened by a pull request that an owner approves',
    'extension-changes-more',
    (rest) => approved('widened', GREEDY)(rest),
  )
  attack('an extension names another requester', 'extension-changes-more', (rest) =>
    approved('renamed-person', requestYaml({ requester: 'bob', duration: '8h' }))(rest),
  )
  attack('an extension asks to read where names were granted', 'extension-changes-more', async (rest) => {
    const yaml = requestYaml({ access: 'list' })
    const granted = await grant(world(), { name: 'names-only', yaml })
    await rest()
    const opened = await propose(world(), granted, { name: 'names-only', yaml: LONGER })
    await world().approve('olivia', opened)
    await world().merge('olivia', opened)
    return opened
  })
  attack('an extension goes beyond the longest window in all', 'window-too-long', (rest) =>
    approved('too-long', requestYaml({ duration: '13h' }))(rest),
  )
  attack('an extension makes the window no longer', 'extension-not-longer', (rest) =>
    approved('no-longer', requestYaml({ reason: 'Find other rows than those', duration: '4h' }))(rest),
  )
}

function approval(world: () => TestWorld, attack: Attack): void {
  attack('nobody approves an extension', 'approvals-missing', (rest) =>
    changing(world, { name: 'unapproved-more', yaml: LONGER }, (opened) => world().merge('olivia', opened))(
      rest,
    ),
  )
  attack('an extension is altered after its approval', 'other-bytes', (rest) =>
    changing(world, { name: 'altered-more', yaml: requestYaml({ duration: '5h' }) }, async (opened) => {
      await world().approve('olivia', opened)
      await world().merge('olivia', await push(world(), 'alice', opened, LONGER))
    })(rest),
  )
  attack('an extension is approved by somebody who owns nothing', 'not-an-owner', (rest) =>
    changing(world, { name: 'friend-more', yaml: LONGER }, async (opened) => {
      await world().approve('mallory', opened)
      await world().merge('olivia', opened)
    })(rest),
  )
  attack('an extension is merged by somebody who owns nothing', 'merger-not-an-owner', (rest) =>
    changing(world, { name: 'merged-more', yaml: LONGER }, async (opened) => {
      await world().approve('olivia', opened)
      await world().merge('mallory', opened)
    })(rest),
  )
  attack('somebody else extends the grant of a person', 'requester-not-author', (rest) =>
    changing(world, { name: 'others-more', yaml: LONGER, login: 'mallory' }, async (opened) => {
      await world().approve('olivia', opened)
      await world().merge('olivia', opened)
    })(rest),
  )
}

function branch(world: () => TestWorld, attack: Attack, own: () => string): void {
  attack('a push makes the window longer', 'no-pull-request', async (rest) => {
    const { repository, path } = await grant(world(), { name: 'pushed-more' })
    await rest()
    await world().commit('alice', repository, 'main', { [path]: LONGER })
    return { repository, path, pull: 0 }
  })

  attack(
    'a push makes the window longer before the extension of it is merged',
    'no-pull-request',
    async (rest) => {
      const granted = await grant(world(), { name: 'pushed-between' })
      await rest()
      const opened = await propose(world(), granted, { name: 'pushed-between', yaml: LONGER })
      await world().approve('olivia', opened)
      await world().commit('mallory', granted.repository, 'main', { [granted.path]: LONGER })
      return { ...opened, pull: 0 }
    },
  )

  attack('the branch is set back to before an extension', 'aws-denies', async (rest) => {
    const repository = own()
    const granted = await grant(world(), { name: 'set-back-more', repository })
    await rest()
    const opened = await propose(world(), granted, { name: 'set-back-more', yaml: LONGER })
    await world().approve('olivia', opened)
    await world().merge('olivia', opened)
    await rest()
    await moveBranch(world().github('mallory'), repository, 'main', granted.sha)
    return granted
  })

  attack(
    'an extension is asked for in the file of a request that nobody approved',
    'approvals-missing',
    async (rest) => {
      const repository = own()
      await world().commit('oscar', repository, 'main', { 'notes.md': 'Nothing yet.\n' })
      const request = await ask(world(), { name: 'never-approved', repository })
      await world().merge('olivia', request)
      const opened = await world().propose('alice', repository, {
        branch: 'never-approved-more',
        files: { [request.path]: LONGER },
      })
      await world().approve('olivia', opened)
      await world()
        .merge('olivia', opened)
        .catch(() => undefined)
      await rest()
      return request
    },
  )
}
