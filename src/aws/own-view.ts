/** The grants that whoever asks can see in AWS with their own credentials: for people at a terminal, not for the app. */
import { IAMClient } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Account } from '../core/account.ts'
import { parseStanding, type RoleReading, rolePathOf } from '../core/grant.ts'
import { TIME_OUTS } from './clients.ts'
import { listRoles } from './list-roles.ts'

export interface OwnView {
  readonly accountId: string
  readonly partition: Account['partition']
  /** Every role under the repository's path in that account. */
  readonly roles: readonly RoleReading[]
}

/** Credentials, region and endpoint come the way the AWS SDK finds them. Throws whatever the SDK throws. */
export async function readOwnView(repositoryId: number, alias: string): Promise<OwnView> {
  const region = await findRegion()
  const settings = { region, requestHandler: TIME_OUTS, maxAttempts: 2 }
  const { Account: accountId, Arn } = await new STSClient(settings).send(new GetCallerIdentityCommand({}))
  if (accountId === undefined || Arn === undefined)
    throw new Error('AWS did not say whose credentials these are')
  const partition = partitionOf(Arn)
  const account = { alias, id: accountId, partition, region, role: '', boundary: '' }
  const roles = await listRoles(new IAMClient(settings), rolePathOf(repositoryId))
  return { accountId, partition, roles: roles.map((role) => parseStanding(role, account)) }
}

/** As the AWS CLI finds it; where nothing names any, the one that answers for IAM wherever people usually are. */
async function findRegion(): Promise<string> {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
  return AWS_REGION || AWS_DEFAULT_REGION || new STSClient().config.region().catch(() => 'us-east-1')
}

function partitionOf(arn: string): Account['partition'] {
  const partition = arn.split(':')[1]
  return partition === 'aws-cn' || partition === 'aws-us-gov' ? partition : 'aws'
}
