/** An AWS account that the operator gave to a repository; nothing in the repository can add one or change it. */
export interface Account {
  /** What requests and rules call it. */
  readonly alias: string
  /** Twelve digits. */
  readonly id: string
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov'
  readonly region: string
  /** ARN of the role that the app assumes in this account. */
  readonly role: string
  /** ARN of the permissions boundary that every grant carries. */
  readonly boundary: string
}

/** Who is let in, as AWS knows them. */
export type Principal =
  | { readonly kind: 'iam-user'; readonly arn: string }
  | {
      readonly kind: 'iam-role'
      readonly arn: string
      /** Names the person among all who can assume that role; without it everyone of them is let in. */
      readonly person?: { readonly key: string; readonly value: string }
    }
  | {
      readonly kind: 'identity-center'
      readonly accountId: string
      readonly partition: string
      readonly permissionSet: string
      readonly userName: string
    }
