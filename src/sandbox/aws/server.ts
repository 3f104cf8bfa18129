/** The sandbox's AWS as a server: one address on loopback for IAM, STS and S3, told apart by what the signature is for. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { CallLog } from '../calls.ts'
import type { SandboxClock } from '../clock.ts'
import { createFaults, type Faults } from '../faults.ts'
import { BodyTooLarge, listen, readBody } from '../http.ts'
import { Gone, Reply } from '../reply.ts'
import { authenticate } from './authenticate.ts'

import { type IamSettings, iamSettings, seenWorld } from './consistency.ts'
import { AwsError, orderedRefusal } from './errors.ts'
import { isIamAction, runIam } from './iam.ts'
import { answerXml, errorXml, readParameters } from './query-protocol.ts'
import { s3ErrorXml, s3Target } from './s3.ts'
import type { AwsSeed } from './seed.ts'
import { readSignature, type WireRequest } from './sigv4.ts'
import { type Caller, dataOf, type World, type WorldData } from './state.ts'
import { STS_ACTIONS } from './sts.ts'
import { createWorld } from './world.ts'

export interface AwsSandbox {
  readonly endpoint: string
  /** Answers there; also to be given requests without a connection, by whoever is in the same process. */
  readonly listener: RequestListener
  readonly iam: IamSettings
  /** What is to be kept for another start, as it is now: to be written at once. */
  kept(): WorldData
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

/** What there is at the start: a new world, or one that was kept. */
type Start = { readonly seed: AwsSeed } | { readonly kept: WorldData }

export type AwsOptions = Start & {
  readonly clock: SandboxClock
  readonly calls: CallLog
  readonly port?: number
  /** Trouble on order; left out: there is none. */
  readonly faults?: Faults
  /** How long a change to IAM takes to be seen, in milliseconds; left out: it is seen at once. */
  readonly iamDelayMs?: number
}

/** What all requests are answered with. */
interface Service {
  readonly world: World
  readonly calls: CallLog
  readonly faults: Faults
}

export async function startAws(options: AwsOptions): Promise<AwsSandbox> {
  const { clock, calls, port, faults = createFaults(), iamDelayMs } = options
  const world = 'kept' in options ? { ...options.kept, clock } : createWorld(options.seed, clock)
  if (iamDelayMs !== undefined) world.iamDelayMs = iamDelayMs
  const service = { world, calls, faults }
  const listener: RequestListener = (request, response) => void handle(service, request, response)
  const server = await listen(listener, port)
  return {
    endpoint: server.url,
    listener,
    iam: iamSettings(world),
    kept: () => dataOf(world),
    close: () => server.close(),
  }
}

/** Never rejects: whatever goes wrong inside becomes an answer, or a closed connection. */
async function handle(service: Service, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { calls, world } = service
  const call = calls.begin({ service: 'aws', method: incoming.method ?? '', target: incoming.url ?? '' })
  const reply = new Reply(response)
  reply.onClose(() => call.end(reply.status))
  const requestId = randomUUID()
  try {
    const request = await readRequest(incoming)
    const answer = await answerTo(service, call, request, reply, requestId)
    send(reply, answer, { requestId, now: world.clock.now() })
  } catch (error) {
    if (error instanceof Gone || reply.status !== 0) return
    reply.send(error instanceof BodyTooLarge ? 413 : 500, { connection: 'close' })
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

async function answerTo(
  { world, faults }: Service,
  call: OpenCall,
  request: WireRequest,
  reply: Reply,
  requestId: string,
): Promise<Answer> {
  const service = serviceOf(request)
  try {
    const planned = service === 's3' ? planS3(world, call, request) : planQuery(world, call, request, service)
    const { method, path } = request
    const { action, caller } = planned
    const trouble = faults.meet({ service: 'aws', method, path, action, caller: caller.label })
    if (trouble.fault) call.met(trouble.fault.kind)
    const refusal = await reply.undergo(trouble)
    if (refusal) throw orderedRefusal(refusal, service)
    return planned.run(requestId)
  } catch (error) {
    if (error instanceof Gone) throw error
    // A mistake of the sandbox itself must look like a failure of AWS, never like an answer.
    const refusal =
      error instanceof AwsError
        ? error
        : new AwsError(500, 'InternalFailure', `The sandbox failed: ${String(error)}`)
    if (service === 's3')
      return xml(refusal.status, s3ErrorXml(refusal, request.path, requestId), refusal.headers)
    const { namespace } = QUERY_SERVICES[service]
    return xml(refusal.status, errorXml(refusal, { namespace, requestId }), refusal.headers)
  }
}

/** Unsigned requests are only ever refused; a form looks like IAM's, anything else like S3's. */
function serviceOf(request: WireRequest): QueryService | 's3' {
  const read = readSignature(request)
  const service = read.kind === 'signed' ? read.signature.service : undefined
  if (service === 'iam' || service === 'sts' || service === 's3') return service
  return request.method === 'POST' && request.path === '/' ? 'iam' : 's3'
}

/** A call that is understood, and not done yet. */
interface Planned {
  readonly caller: Caller
  /** Such as `iam:PutRolePolicy`. */
  readonly action: string
  /** Throws AwsError. */
  run(requestId: string): Answer
}

function planQuery(world: World, call: OpenCall, request: WireRequest, service: QueryService): Planned {
  const who = identify(world, call, request, 'MissingAuthenticationToken', service)
  const parameters = readParameters(request)
  const name = parameters.optional('Action') ?? ''
  const given = parameters.optional('Version') ?? ''
  const action = `${service}:${name}`
  if (/^\w{1,128}$/.test(name)) call.at(action)
  const { version, namespace } = QUERY_SERVICES[service]
  const isKnown = service === 'iam' ? isIamAction(name) : Object.hasOwn(STS_ACTIONS, name)
  if (!isKnown || given !== version)
    throw new AwsError(
      400,
      'InvalidAction',
      `Could not find operation ${name.slice(0, 200)} for version ${given.slice(0, 40)}`,
    )
  const { caller } = who
  // IAM is one service for the whole partition, kept in one region.
  const region = service === 'iam' ? 'us-east-1' : who.region
  const from = { sourceIp: request.sourceIp, region }
  return {
    caller,
    action,
    run(requestId) {
      const result =
        service === 'iam'
          ? runIam(name, world, caller, parameters, from)
          : (STS_ACTIONS[name]?.({ world: seenWorld(world), caller, parameters, ...from }) ?? '')
      return xml(200, answerXml(name, result, { namespace, requestId }))
    },
  }
}

function planS3(world: World, call: OpenCall, request: WireRequest): Planned {
  const { caller, region } = identify(world, call, request, 'AccessDenied', 's3')
  const target = s3Target(request)
  const action = `s3:${target.operation}`
  call.at(action)
  if (region !== world.region)
    throw new AwsError(
      400,
      'AuthorizationHeaderMalformed',
      `The region '${region}' is wrong; expecting '${world.region}'`,
      { Region: world.region },
      { 'x-amz-bucket-region': world.region },
    )
  return {
    caller,
    action,
    run() {
      const { status, headers = {}, body = '' } = target.answer(seenWorld(world), caller)
      return { status, headers, body }
    },
  }
}

function identify(world: World, call: OpenCall, request: WireRequest, missing: string, service: string) {
  const who = authenticate(seenWorld(world), request)
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

function xml(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'text/xml', ...headers }, body }
}

/** The time in `Date` is the sandbox's: the SDKs correct their clocks by it. */
function send(
  reply: Reply,
  { status, headers, body }: Answer,
  { requestId, now }: { requestId: string; now: number },
): void {
  const length: Record<string, string> =
    status === 204 || status === 304 ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const common = {
    date: new Date(now).toUTCString(),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
  }
  reply.send(status, { ...headers, ...common, ...length }, body)
}
