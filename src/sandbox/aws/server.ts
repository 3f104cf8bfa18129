/** The sandbox's AWS as a server: one address on loopback for IAM, STS and S3, told apart by what the signature is for. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallLog } from '../calls.ts'
import type { SandboxClock } from '../clock.ts'
import { BodyTooLarge, listen, readBody } from '../http.ts'
import { authenticate } from './authenticate.ts'
import { AwsError } from './errors.ts'
import { IAM_ACTIONS } from './iam.ts'
import { iamCall } from './iam-call.ts'
import { answerXml, type Envelope, errorXml, readParameters } from './query-protocol.ts'
import { s3ErrorXml, s3Target } from './s3.ts'
import type { AwsSeed } from './seed.ts'
import { readSignature, type WireRequest } from './sigv4.ts'
import type { World } from './state.ts'
import { STS_ACTIONS } from './sts.ts'
import { createWorld } from './world.ts'

export interface AwsSandbox {
  readonly endpoint: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

type OpenCall = ReturnType<CallLog['begin']>

const LARGEST_BODY = 16 * 1024 * 1024

const QUERY_SERVICES = {
  iam: { version: '2010-05-08', namespace: 'https://iam.amazonaws.com/doc/2010-05-08/' },
  sts: { version: '2011-06-15', namespace: 'https://sts.amazonaws.com/doc/2011-06-15/' },
} as const

type QueryService = keyof typeof QUERY_SERVICES

export async function startAws(options: {
  seed: AwsSeed
  clock: SandboxClock
  calls: CallLog
  port?: number
}): Promise<AwsSandbox> {
  const { seed, clock, calls, port } = options
  const world = createWorld(seed, clock)
  const server = await listen((request, response) => {
    void handle(world, calls, request, response)
  }, port)
  return { endpoint: server.url, close: () => server.close() }
}

/** Never rejects: whatever goes wrong inside becomes an answer, or a closed connection. */
async function handle(
  world: World,
  calls: CallLog,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const call = calls.begin({ service: 'aws', method: incoming.method ?? '', target: incoming.url ?? '' })
  response.once('close', () => call.end(response.statusCode))
  const requestId = randomUUID()
  try {
    const request = await readRequest(incoming)
    const answer = answerTo(world, call, request, requestId)
    send(response, answer, { requestId, now: world.clock.now() })
  } catch (error) {
    const status = error instanceof BodyTooLarge ? 413 : 500
    if (!response.headersSent) response.writeHead(status, { connection: 'close' })
    response.end()
  }
}

async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const url = incoming.url ?? '/'
  const question = url.indexOf('?')
  const headers = Object.entries(incoming.headersDistinct).map(([name, values]) => [
    name,
    (values ?? []).join(','),
  ])
  return {
    method: incoming.method ?? 'GET',
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    headers: Object.fromEntries(headers),
    body: await readBody(incoming, LARGEST_BODY),
    sourceIp: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  }
}

function answerTo(world: World, call: OpenCall, request: WireRequest, requestId: string): Answer {
  const service = serviceOf(request)
  try {
    if (service === 's3') return answerS3(world, call, request)
    const { namespace } = QUERY_SERVICES[service]
    return answerQuery(world, call, request, service, { namespace, requestId })
  } catch (error) {
    // A mistake of the sandbox itself must look like a failure of AWS, never like an answer.
    const refusal =
      error instanceof AwsError
        ? error
        : new AwsError(500, 'InternalFailure', `The sandbox failed: ${String(error)}`)
    if (service === 's3') return xml(refusal.status, s3ErrorXml(refusal, request.path, requestId))
    const { namespace } = QUERY_SERVICES[service]
    return xml(refusal.status, errorXml(refusal, { namespace, requestId }))
  }
}

/** Unsigned requests are only ever refused; a form looks like IAM's, anything else like S3's. */
function serviceOf(request: WireRequest): QueryService | 's3' {
  const read = readSignature(request)
  const service = read.kind === 'signed' ? read.signature.service : undefined
  if (service === 'iam' || service === 'sts' || service === 's3') return service
  return request.method === 'POST' && request.path === '/' ? 'iam' : 's3'
}

function answerQuery(
  world: World,
  call: OpenCall,
  request: WireRequest,
  service: QueryService,
  envelope: Envelope,
): Answer {
  const who = identify(world, call, request, 'MissingAuthenticationToken', service)
  const parameters = readParameters(request)
  const action = parameters.optional('Action') ?? ''
  const version = parameters.optional('Version') ?? ''
  if (/^\w{1,128}$/.test(action)) call.at(`${service}:${action}`)
  const isKnown = service === 'iam' ? IAM_ACTIONS.has(action) : Object.hasOwn(STS_ACTIONS, action)
  if (!isKnown || version !== QUERY_SERVICES[service].version)
    throw new AwsError(
      400,
      'InvalidAction',
      `Could not find operation ${action.slice(0, 200)} for version ${version.slice(0, 40)}`,
    )
  // IAM is one service for the whole partition, kept in one region.
  const region = service === 'iam' ? 'us-east-1' : who.region
  const from = { sourceIp: request.sourceIp, region }
  const result =
    service === 'iam'
      ? IAM_ACTIONS.get(action)?.(iamCall(world, who.caller, parameters, from))
      : STS_ACTIONS[action]?.({ world, caller: who.caller, parameters, ...from })
  return xml(200, answerXml(action, result ?? '', envelope))
}

function answerS3(world: World, call: OpenCall, request: WireRequest): Answer {
  const who = identify(world, call, request, 'AccessDenied', 's3')
  const target = s3Target(request)
  call.at(`s3:${target.operation}`)
  if (who.region !== world.region)
    throw new AwsError(
      400,
      'AuthorizationHeaderMalformed',
      `The region '${who.region}' is wrong; expecting '${world.region}'`,
      { Region: world.region },
    )
  const { status, headers = {}, body = '' } = target.answer(world, who.caller)
  return { status, headers, body }
}

function identify(world: World, call: OpenCall, request: WireRequest, missing: string, service: string) {
  const who = authenticate(world, request)
  if (who === undefined) throw new AwsError(403, missing, 'Missing Authentication Token')
  call.by(who.caller.label)
  if (who.service !== service)
    throw new AwsError(
      403,
      'SignatureDoesNotMatch',
      `Credential should be scoped to correct service: '${service}'.`,
    )
  return who
}

function xml(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml' }, body }
}

/** The time in `Date` is the sandbox's: the SDKs correct their clocks by it. */
function send(
  response: ServerResponse,
  { status, headers, body }: Answer,
  { requestId, now }: { requestId: string; now: number },
): void {
  const isHead = response.req.method === 'HEAD'
  response.writeHead(status, {
    ...headers,
    date: new Date(now).toUTCString(),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    ...(status !== 204 && status !== 304 && { 'content-length': String(Buffer.byteLength(body)) }),
  })
  response.end(isHead ? undefined : body)
}
