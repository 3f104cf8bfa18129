/** Who sends a request: checks signature, date and session, and refuses in the words of the service that was called. */
import { AwsError } from './errors.ts'
import {
  canonicalRequest,
  isSignedWith,
  readSignature,
  type Signature,
  sha256,
  stringToSign,
  type WireRequest,
} from './sigv4.ts'
import type { Caller, Credentials, World } from './state.ts'

export interface Authenticated {
  readonly caller: Caller
  readonly region: string
  readonly service: string
}

const LARGEST_SKEW = 15 * 60 * 1000

/** Undefined for a request that carries no signature. */
export function authenticate(world: World, request: WireRequest): Authenticated | undefined {
  const read = readSignature(request)
  if (read.kind === 'unsigned') return undefined
  if (read.kind === 'malformed')
    throw new AwsError(400, 'IncompleteSignature', `Malformed signature: ${read.problem}.`)
  const { signature } = read
  const refuse = signature.service === 's3' ? S3_REFUSALS : QUERY_REFUSALS
  const credentials = world.credentials.get(signature.accessKeyId)
  const caller = credentials && existing(world, credentials)
  if (credentials === undefined || caller === undefined) throw refuse.unknownKey(signature.accessKeyId)
  if (!holdsToken(caller, signature.token)) throw refuse.wrongToken()
  if (!isSignedWith(credentials.secret, request, signature)) throw refuse.wrongSignature(request, signature)
  checkDate(world.clock.now(), signature, refuse)
  if (signature.service === 's3') checkPayload(request, signature)
  checkSession(world.clock.now(), caller, refuse)
  // As AWS does: to take on a role is no use of it yet, and what is denied afterwards is one.
  if (caller.identity.kind === 'role')
    caller.identity.lastUsed = { at: world.clock.now(), region: signature.region }
  return { caller, region: signature.region, service: signature.service }
}

/** The caller as the world has it now: sessions die with their role, and keys with their user. */
function existing(world: World, { caller, accessKeyId }: Credentials): Caller | undefined {
  const identity = world.identities.get(caller.identity.id)
  if (caller.kind === 'user')
    return identity?.kind === 'user' && identity.keys.has(accessKeyId) ? { ...caller, identity } : undefined
  return identity?.kind === 'role' ? { ...caller, identity } : undefined
}

function holdsToken(caller: Caller, token: string | undefined): boolean {
  return token === (caller.kind === 'session' ? caller.session.token : undefined)
}

/** The AWS CLI signs with the machine's clock, while the SDKs follow the `Date` of the answers: either will do. */
function checkDate(now: number, { signedAt, lifetime }: Signature, refuse: Refusals): void {
  const isTimely = (time: number) => {
    if (lifetime !== undefined) return time >= signedAt - LARGEST_SKEW && time < signedAt + lifetime * 1000
    return Math.abs(time - signedAt) <= LARGEST_SKEW
  }
  if (isTimely(now) || isTimely(Date.now())) return
  throw lifetime === undefined ? refuse.skewed(signedAt, now) : refuse.expiredUrl()
}

/** A signed hash must be that of the body; only S3 lets a body go unsigned. */
function checkPayload({ headers, body }: WireRequest, { lifetime }: Signature): void {
  const hash = headers['x-amz-content-sha256']
  if (hash === undefined && lifetime === undefined)
    throw new AwsError(
      400,
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    )
  if (hash === undefined || hash === 'UNSIGNED-PAYLOAD') return
  if (hash.startsWith('STREAMING-'))
    throw new AwsError(501, 'NotImplemented', 'The sandbox takes no chunked uploads.')
  if (hash !== sha256(body))
    throw new AwsError(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
}

function checkSession(now: number, caller: Caller, refuse: Refusals): void {
  if (caller.kind === 'session' && now >= caller.session.expires) throw refuse.expiredSession()
}

interface Refusals {
  unknownKey(accessKeyId: string): AwsError
  wrongToken(): AwsError
  wrongSignature(request: WireRequest, signature: Signature): AwsError
  skewed(signedAt: number, now: number): AwsError
  expiredUrl(): AwsError
  expiredSession(): AwsError
}

const WRONG_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.'

const QUERY_REFUSALS: Refusals = {
  unknownKey: () =>
    new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
  wrongToken: () =>
    new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
  // As AWS does, it repeats what was signed, headers and their secrets included.
  wrongSignature: (request, signature) =>
    new AwsError(
      403,
      'SignatureDoesNotMatch',
      `${WRONG_SIGNATURE} Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'${canonicalRequest(request, signature)}'\n\nThe String-to-Sign should have been\n'${stringToSign(request, signature)}'\n`,
    ),
  skewed: (signedAt, now) =>
    new AwsError(
      403,
      'SignatureDoesNotMatch',
      `Signature expired: ${compactTime(signedAt)} is not within 15 minutes of ${compactTime(now)}`,
    ),
  expiredUrl: () =>
    new AwsError(403, 'SignatureDoesNotMatch', 'Signature expired: the presigned request is too old'),
  expiredSession: () =>
    new AwsError(403, 'ExpiredToken', 'The security token included in the request is expired'),
}

const S3_REFUSALS: Refusals = {
  unknownKey: (accessKeyId) =>
    new AwsError(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      {
        AWSAccessKeyId: accessKeyId,
      },
    ),
  wrongToken: () =>
    new AwsError(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.'),
  wrongSignature: () => new AwsError(403, 'SignatureDoesNotMatch', WRONG_SIGNATURE),
  skewed: (signedAt, now) =>
    new AwsError(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: compactTime(signedAt),
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(LARGEST_SKEW),
      },
    ),
  expiredUrl: () => new AwsError(403, 'AccessDenied', 'Request has expired'),
  expiredSession: () => new AwsError(400, 'ExpiredToken', 'The provided token has expired.'),
}

function compactTime(instant: number): string {
  return new Date(instant).toISOString().replace(/[-:]|\.\d{3}/g, '')
}
