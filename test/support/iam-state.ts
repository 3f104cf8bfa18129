/** Asks AWS as an administrator what stands there, and S3 as anybody what lies below a prefix. */
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam'
import { ListObjectsV2Command, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import type { AwsKeys, ReadyFile } from '../../src/sandbox/ready.ts'
import type { Outcome } from '../../src/sandbox/tour-people.ts'

export interface Role {
  readonly arn: string
  readonly description: string
  readonly boundary: string | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly trust: unknown
  /** Parsed, by name. */
  readonly policies: Readonly<Record<string, unknown>>
}

/** ARNs of all roles of the app. */
export async function listRoles(iam: IAMClient): Promise<readonly string[]> {
  const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/daypass/' }))
  return Roles.map(({ Arn = '' }) => Arn).sort()
}

export async function readRole(iam: IAMClient, arn: string): Promise<Role | undefined> {
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1)
  try {
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName }))
    if (!role || role.Arn !== arn) return undefined
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
    const policies = await Promise.all(
      PolicyNames.map(async (PolicyName) => {
        const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
        return [PolicyName, parsePolicy(PolicyDocument)] as const
      }),
    )
    return {
      arn,
      description: role.Description ?? '',
      boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      trust: parsePolicy(role.AssumeRolePolicyDocument),
      policies: Object.fromEntries(policies),
    }
  } catch (error) {
    if (error instanceof NoSuchEntityException) return undefined
    throw error
  }
}

export async function listNames(
  { endpoint, region }: ReadyFile['aws'],
  credentials: AwsKeys,
  bucket: string,
  prefix: string,
): Promise<Outcome<readonly string[]>> {
  const s3 = new S3Client({ endpoint, region, credentials, maxAttempts: 2, forcePathStyle: true })
  try {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))
    return { kind: 'allowed', value: Contents.map(({ Key = '' }) => Key) }
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'AccessDenied')
      return { kind: 'denied', code: error.name }
    throw error
  } finally {
    s3.destroy()
  }
}

/** IAM hands policies out URL-encoded. */
function parsePolicy(document: string | undefined): unknown {
  return JSON.parse(decodeURIComponent(document ?? 'null'))
}
