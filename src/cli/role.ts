/** Which role a request became: named by the app's own check, and held against the name that follows from the request. */
import type { Account } from '../core/account.ts'
import { type RequestIdentity, roleNameOf, rolePathOf } from '../core/grant.ts'
import type { Standing } from './standing.ts'

export interface RoleAt {
  readonly arn: string
  readonly accountId: string
  readonly partition: Account['partition']
}

const ARN = /arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role(\/daypass\/[0-9a-z]+\/)([\w+=,.@-]+)/g

/** Only a role of exactly this request's path and name counts, whatever else the text mentions. */
export function roleIn(text: string, identity: RequestIdentity): RoleAt | undefined {
  for (const [arn, partition, accountId = '', path, name] of text.matchAll(ARN)) {
    if (path !== rolePathOf(identity.repositoryId) || name !== roleNameOf(identity)) continue
    return { arn, accountId, partition: partition as Account['partition'] }
  }
  return undefined
}

export function roleOfStanding(
  { path, pull, summary }: Pick<Standing, 'path' | 'pull' | 'summary'>,
  repositoryId: number,
): RoleAt | undefined {
  return roleIn(summary ?? '', { repositoryId, path, pull })
}
