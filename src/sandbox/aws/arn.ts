/** Amazon Resource Names: taken apart and put together. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  /** All that stands after the fifth colon. */
  readonly resource: string
}

export function parseArn(text: string): Arn | undefined {
  const [prefix, partition, service, region, account, ...rest] = text.split(':')
  if (prefix !== 'arn' || !partition || !service || region === undefined || account === undefined)
    return undefined
  const resource = rest.join(':')
  return resource === '' ? undefined : { partition, service, region, account, resource }
}

export function iamArn(partition: string, account: string, resource: string): string {
  return `arn:${partition}:iam::${account}:${resource}`
}

export function bucketArn(partition: string, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`
}
