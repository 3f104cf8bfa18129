/** AWS Signature Version 4 from the server's side: reads the signature of a request and works out what it should be. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface WireRequest {
  readonly method: string
  /** As it came over the wire, percent-encoded. */
  readonly path: string
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly sourceIp: string
}

export interface Signature {
  readonly accessKeyId: string
  /** The day of the credential scope, `YYYYMMDD`. */
  readonly day: string
  readonly region: string
  readonly service: string
  /** Milliseconds since the epoch. */
  readonly signedAt: number
  readonly timestamp: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly token: string | undefined
  /** Seconds for which a presigned URL holds; undefined where the header carries the signature. */
  readonly lifetime: number | undefined
}

export type ReadSignature =
  | { readonly kind: 'signed'; readonly signature: Signature }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed'; readonly problem: string }

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SCOPE = /^([A-Za-z0-9]{16,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/
const TIMESTAMP = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/
const LONGEST_LIFETIME = 604_800

interface Parts {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly timestamp: string
  readonly token: string | undefined
  readonly lifetime: number | undefined
}

export function readSignature(request: WireRequest): ReadSignature {
  const parts = partsOfHeader(request) ?? partsOfQuery(request)
  if (parts === undefined) return { kind: 'unsigned' }
  const scope = SCOPE.exec(parts.credential)
  const signedAt = parseTimestamp(parts.timestamp)
  const { lifetime } = parts
  if (scope === null)
    return malformed('a Credential of the form KEY/DATE/REGION/SERVICE/aws4_request is required')
  if (signedAt === undefined) return malformed('a date of the form YYYYMMDDTHHMMSSZ is required')
  if (!/^[0-9a-f]{64}$/.test(parts.signature))
    return malformed('the Signature must be 64 lower-case hexadecimal digits')
  if (
    lifetime !== undefined &&
    !(Number.isInteger(lifetime) && lifetime >= 1 && lifetime <= LONGEST_LIFETIME)
  )
    return malformed('X-Amz-Expires must be between 1 and 604800 seconds')
  const [, accessKeyId = '', day = '', region = '', service = ''] = scope
  if (!parts.timestamp.startsWith(day)) return malformed('the Credential is of another day than the date')
  const signedHeaders = parts.signedHeaders.split(';')
  const amazonHeaders = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))
  const unsigned = ['host', ...amazonHeaders].find((name) => !signedHeaders.includes(name))
  if (unsigned !== undefined) return malformed(`the header ${unsigned} must be signed`)
  const { signature, timestamp, token } = parts
  return {
    kind: 'signed',
    signature: {
      accessKeyId,
      day,
      region,
      service,
      signedAt,
      timestamp,
      signedHeaders,
      signature,
      token,
      lifetime,
    },
  }
}

function malformed(problem: string): ReadSignature {
  return { kind: 'malformed', problem }
}

function partsOfHeader({ headers }: WireRequest): Parts | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  const [algorithm = '', ...rest] = authorization.split(' ')
  const fields = new Map(
    rest
      .join(' ')
      .split(',')
      .map((field) => {
        const [name = '', ...value] = field.trim().split('=')
        return [name, value.join('=')]
      }),
  )
  return {
    credential: algorithm === ALGORITHM ? (fields.get('Credential') ?? '') : '',
    signedHeaders: fields.get('SignedHeaders') ?? '',
    signature: fields.get('Signature') ?? '',
    timestamp: headers['x-amz-date'] ?? '',
    token: headers['x-amz-security-token'],
    lifetime: undefined,
  }
}

function partsOfQuery({ query }: WireRequest): Parts | undefined {
  const fields = new Map(parseQuery(query))
  const algorithm = fields.get('X-Amz-Algorithm')
  if (algorithm === undefined && !fields.has('X-Amz-Signature')) return undefined
  return {
    credential: algorithm === ALGORITHM ? (fields.get('X-Amz-Credential') ?? '') : '',
    signedHeaders: fields.get('X-Amz-SignedHeaders') ?? '',
    signature: fields.get('X-Amz-Signature') ?? '',
    timestamp: fields.get('X-Amz-Date') ?? '',
    token: fields.get('X-Amz-Security-Token'),
    lifetime: Number(fields.get('X-Amz-Expires') ?? 'none'),
  }
}

/** Whether the request was signed with this secret. */
export function isSignedWith(secret: string, request: WireRequest, signature: Signature): boolean {
  const { day, region, service } = signature
  const toSign = stringToSign(request, signature)
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`)
  const expected = hmac(key, toSign)
  return timingSafeEqual(expected, Buffer.from(signature.signature, 'hex'))
}

export function stringToSign(request: WireRequest, signature: Signature): string {
  const { day, region, service, timestamp } = signature
  return [
    ALGORITHM,
    timestamp,
    `${day}/${region}/${service}/aws4_request`,
    sha256(canonicalRequest(request, signature)),
  ].join('\n')
}

export function canonicalRequest(request: WireRequest, signature: Signature): string {
  const { signedHeaders, service } = signature
  return [
    request.method,
    canonicalPath(request.path, service),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payloadHash(request, signature),
  ].join('\n')
}

/** S3 encodes the path once; every other service encodes what is encoded already. */
function canonicalPath(path: string, service: string): string {
  const segments = path.split('/').map((segment) => (isEncoded(segment) ? encode(decode(segment)) : segment))
  return (service === 's3' ? segments : segments.map(encode)).join('/')
}

function canonicalQuery(query: string): string {
  return parseQuery(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function payloadHash({ body, headers }: WireRequest, { service, lifetime }: Signature): string {
  if (service !== 's3') return sha256(body)
  return headers['x-amz-content-sha256'] ?? (lifetime === undefined ? sha256(body) : 'UNSIGNED-PAYLOAD')
}

/** Names and values decoded, in order; `+` is a plus here, as it is for SigV4. */
export function parseQuery(query: string): [string, string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
    })
}

/** Leaves text as it is where it is not well encoded. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** False for a stray percent sign, and for bytes that are not UTF-8. */
export function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function parseTimestamp(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = TIMESTAMP.exec(text) ?? []
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(instant) ? undefined : instant
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
