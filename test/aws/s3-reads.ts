/** What a person does with what was granted: reads, lists, and is refused. */
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect } from 'vitest'

const BUCKET = 'customer-exports'
/** The one object that a grant of the tests lets be read. */
export const GRANTED = 'exports/2026/11/orders.csv'

export const denied = expect.objectContaining({ name: 'AccessDenied' })

export async function get(s3: S3Client, key: string, bucket = BUCKET): Promise<string> {
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return (await body?.transformToString()) ?? ''
}

export async function put(s3: S3Client, key: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'mine' }))
}

export async function list(s3: S3Client, prefix?: string): Promise<(string | undefined)[]> {
  const { Contents: contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }),
  )
  return contents.map(({ Key }) => Key)
}

export function policy(...statements: object[]) {
  return { Version: '2012-10-17', Statement: statements }
}
