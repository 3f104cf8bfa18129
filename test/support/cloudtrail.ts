/** CloudTrail, as far as an audit needs it: its table in Athena, and the records that it would have of what somebody did in the sandbox. */
import type { Row } from './trino.ts'

type Struct = { readonly [column: string]: 'string' | 'list' | Struct }

const ISSUER = {
  type: 'string',
  principalid: 'string',
  arn: 'string',
  accountid: 'string',
  username: 'string',
} as const

/** The columns of https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html. */
export const TABLE: Struct = {
  eventversion: 'string',
  useridentity: {
    ...ISSUER,
    invokedby: 'string',
    accesskeyid: 'string',
    onbehalfof: { userid: 'string', identitystorearn: 'string' },
    sessioncontext: {
      attributes: { mfaauthenticated: 'string', creationdate: 'string' },
      sessionissuer: ISSUER,
      ec2roledelivery: 'string',
    },
  },
  eventtime: 'string',
  eventsource: 'string',
  eventname: 'string',
  awsregion: 'string',
  sourceipaddress: 'string',
  useragent: 'string',
  errorcode: 'string',
  errormessage: 'string',
  requestparameters: 'string',
  responseelements: 'string',
  additionaleventdata: 'string',
  requestid: 'string',
  eventid: 'string',
  resources: 'list',
  eventtype: 'string',
  readonly: 'string',
  recipientaccountid: 'string',
  eventcategory: 'string',
}

export function columnType(path: string): string | undefined {
  const found = path
    .split('.')
    .reduce<Struct | string | undefined>(
      (struct, key) => (typeof struct === 'object' ? struct[key] : undefined),
      TABLE,
    )
  return typeof found === 'object' ? 'struct' : found
}

/** A record of https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html. */
export interface CloudTrailRecord {
  readonly eventSource: string
  readonly readOnly: boolean
  readonly eventCategory: 'Data' | 'Management'
  readonly resources: readonly { readonly type: string; readonly ARN: string }[]
  readonly [field: string]: unknown
}

export interface ObjectCall {
  readonly at: string
  readonly name: 'GetObject' | 'PutObject'
  readonly bucket: string
  readonly key: string
  /** As AssumeRole answered. */
  readonly session: { readonly AssumedRoleId?: string; readonly Arn?: string }
  readonly roleArn: string
  readonly error?: string
}

export function recordOf({ at, name, bucket, key, session, roleArn, error }: ObjectCall): CloudTrailRecord {
  const [, , , , accountId = ''] = roleArn.split(':')
  const issuer = {
    type: 'Role',
    principalId: session.AssumedRoleId?.split(':')[0],
    arn: roleArn,
    accountId,
    userName: roleArn.split('/').at(-1),
  }
  return {
    eventVersion: '1.10',
    userIdentity: {
      type: 'AssumedRole',
      principalId: session.AssumedRoleId,
      arn: session.Arn,
      accountId,
      sessionContext: { sessionIssuer: issuer, attributes: { mfaAuthenticated: 'false' } },
    },
    eventTime: at,
    eventSource: 's3.amazonaws.com',
    eventName: name,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '127.0.0.1',
    ...(error !== undefined && { errorCode: error }),
    requestParameters: { bucketName: bucket, key },
    readOnly: name === 'GetObject',
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${key}` },
      { type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
    ],
    eventCategory: 'Data',
  }
}

/** As the table shows a record: names in small letters, and what is no struct there as JSON. */
export function rowOf(record: Row, struct: Struct = TABLE): Row {
  const fields = Object.entries(record).map(([name, value]): [string, unknown] => {
    const type = struct[name.toLowerCase()]
    if (typeof type === 'object') return [name.toLowerCase(), rowOf(value as Row, type)]
    return [
      name.toLowerCase(),
      type === 'string' && typeof value !== 'string' ? JSON.stringify(value) : value,
    ]
  })
  return Object.fromEntries(fields)
}

export interface EventSelector {
  readonly FieldSelectors: readonly {
    readonly Field: string
    readonly Equals?: readonly string[]
    readonly StartsWith?: readonly string[]
  }[]
}

/** Whether a trail with this selector takes the record up: every field has to fit. */
export function isSelected({ FieldSelectors: fields }: EventSelector, record: CloudTrailRecord): boolean {
  return fields.every(({ Field: field, Equals: equals, StartsWith: begins }) => {
    const fits = (value: string) =>
      equals?.includes(value) || begins?.some((begin) => value.startsWith(begin)) || false
    return valuesOf(record, field).some(fits)
  })
}

/** The fields by which data events of S3 can be selected. */
function valuesOf(
  { eventCategory, readOnly, resources }: CloudTrailRecord,
  field: string,
): readonly string[] {
  switch (field) {
    case 'eventCategory':
      return [eventCategory]
    case 'readOnly':
      return [String(readOnly)]
    case 'resources.type':
      return resources.map(({ type }) => type)
    case 'resources.ARN':
      return resources.map(({ ARN }) => ARN)
    default:
      throw new Error(`CloudTrail selects no data event of S3 by ${field}`)
  }
}
