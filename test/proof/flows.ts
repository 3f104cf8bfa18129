/** The flows in which the app is ended after each of its calls: how a world comes to that point, and what comes of it. */
import { PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { propose, proposeRemoval } from '../support/branches.ts'
import { listRoles } from '../support/iam-state.ts'
import { requestYaml } from '../support/world.ts'
import type { App, Place, Stage } from './stage.ts'

const PATH = 'access-requests/prod/customer-exports/alice.yaml'
const HOUR = 3600

export interface Flow {
  readonly name: string
  /** Brings a fresh repository to where the app has something to do. */
  readonly prepare: (stage: Stage, place: Place, app: App) => Promise<void>
  /** Seconds from the app's last look on, after which it is looked at what came of it. */
  readonly settlesIn?: number
  /** What has to stand in the world once the app has done it, as the beginning of lines that `readWorld` gives. */
  readonly leads: readonly RegExp[]
}

async function mergeRequest(stage: Stage, { name }: Place, app: App): Promise<OpenedRequest> {
  const request = await stage.openRequest('alice', name, PATH, requestYaml({}))
  await app.look()
  await stage.approve('olivia', request)
  await stage.merge('olivia', request)
  return request
}

async function grant(stage: Stage, place: Place, app: App): Promise<OpenedRequest> {
  const request = await mergeRequest(stage, place, app)
  await app.look()
  stage.setTime(stage.now() + HOUR / 2)
  return request
}

export const FLOWS: readonly Flow[] = [
  {
    name: 'grant',
    prepare: async (stage, place, app) => void (await mergeRequest(stage, place, app)),
    leads: [/^role .*alice reads with it: allowed$/s, /^comment on #1 .*Access is open until/s],
  },
  {
    name: 'end',
    async prepare(stage, place, app) {
      await grant(stage, place, app)
      stage.setTime(stage.now() + 4 * HOUR)
    },
    leads: [/^pull request #2 merged/, /^comment on #1 .*Access ended at/s, /^check .* completed neutral/],
  },
  {
    name: 'early end by a comment',
    async prepare(stage, place, app) {
      const { pull } = await grant(stage, place, app)
      const body = '/daypass revoke'
      await stage.github('alice').issues.createComment({ ...named(place.name), issue_number: pull, body })
    },
    leads: [
      /^role .*alice reads with it: not let in$/s,
      /^pull request #2 merged/,
      /^comment .*given back early by alice/s,
    ],
  },
  {
    name: 'early end by removal of the file',
    async prepare(stage, place, app) {
      await grant(stage, place, app)
      const removal = await proposeRemoval(stage.github('alice'), place.name, 'remove', [PATH])
      await app.look()
      await stage.approve('olivia', removal)
      await stage.merge('olivia', removal)
    },
    leads: [/^role .*alice reads with it: not let in$/s, /^comment on #1 .*Access ended at/s],
  },
  {
    name: 'extend',
    async prepare(stage, place, app) {
      await grant(stage, place, app)
      const files = { [PATH]: requestYaml({ duration: '6h' }) }
      const longer = await propose(stage.github('alice'), place.name, { branch: 'longer', files })
      await app.look()
      await stage.approve('olivia', longer)
      await stage.merge('olivia', longer)
    },
    leads: [
      /^role .*until 2026-11-24T15:00:00Z.*alice reads with it: allowed$/s,
      /^comment on #1 .*open until 2026-11-24 15:00/s,
    ],
  },
  {
    name: 'drift repair',
    async prepare(stage, place, app) {
      await grant(stage, place, app)
      const iam = stage.iam('root')
      const mine = `/daypass/${place.id.toString(36)}/`
      const RoleName = (await listRoles(iam))
        .find((arn) => arn.includes(mine))
        ?.split('/')
        .at(-1)
      const all = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } }
      const anyone = {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:root' },
          Action: 'sts:AssumeRole',
        },
      }
      await iam.send(
        new PutRolePolicyCommand({ RoleName, PolicyName: 'more', PolicyDocument: JSON.stringify(all) }),
      )
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(anyone) }))
      stage.setTime(stage.now() + HOUR)
    },
    // Sessions that are taken before are closed.
    settlesIn: 300,
    leads: [
      /^role (?!.*"more").*"daypass-sessions".*alice reads with it: allowed$/s,
      /^comment on #1 .*Access is open until/s,
    ],
  },
  {
    name: 'revert pull request of a refused request',
    async prepare(stage, place, app) {
      const request = await stage.openRequest('alice', place.name, PATH, requestYaml({}))
      await app.look()
      await stage.merge('alice', request)
    },
    leads: [/^pull request #2 merged/, /^check .* completed failure/],
  },
]
