/** IAM clients for the accounts that the operator gave: the app's own identity assumes one role in each, for one repository at a time. */
import { IAMClient } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts'
import { type Clock, dateOf } from '../clock.ts'
import type { Account } from '../core/account.ts'
import { createGate } from '../core/gate.ts'
import { AccountRoleRefused, codeOf, explain, HubCredentialsRefused, withoutEcho } from './failures.ts'

export interface AwsSettings {
  /** Milliseconds since the epoch. Decides when credentials are renewed, so that time can be moved. */
  readonly now: () => number
  /** Hears of the time that AWS has. */
  readonly clock?: Pick<Clock, 'mark' | 'compare'>
  /** Instead of AWS's own addresses. */
  readonly endpoint?: string
  /** The app's own identity; the SDK's default chain where left out. */
  readonly hubCredentials?: STSClientConfig['credentials']
  /** How calls travel; over the SDK's own sockets where left out. */
  readonly requestHandler?: STSClientConfig['requestHandler']
}

export interface AccountClients {
  /** Runs a task with a client for the account. It may be run twice, when its credentials turn out to have expired. */
  use<T>(account: Account, repositoryId: number, task: (iam: IAMClient) => Promise<T>): Promise<T>
}

interface Lease {
  readonly iam: IAMClient
  /** Milliseconds since the epoch. */
  readonly began: number
  /** Milliseconds since the epoch; moved to the past when AWS says sooner that it is over. */
  renewAt: number
}

/** The longest a session of a role assumed by a role can last. */
const SESSION_SECONDS = 3600
/** Renewed this long before they expire, so that no task outlives its credentials. */
const RENEW_EARLY = 5 * 60 * 1000
/** The SDK sets no time-outs of its own, only warns of a slow answer unless told otherwise, and waits for ever for one that stops half-way. */
export const TIME_OUTS = {
  connectionTimeout: 5000,
  requestTimeout: 15_000,
  socketTimeout: 15_000,
  throwOnRequestTimeout: true,
}
const MOST_ATTEMPTS = 4
/** Of one repository in one account: a call that waits for one of the SDK's 50 sockets counts as slow, and IAM throttles sooner. */
const TASKS_AT_ONCE = 16
/** Whoever revokes the sessions of a role denies those of before alone; one that is younger would be refused again. Milliseconds. */
const RENEWED_AFTER_REFUSAL = 60 * 1000

/**
 * STS of a region that has to be enabled by hand knows only accounts that did so, of both sides; each partition has one
 * that knows all. https://docs.aws.amazon.com/general/latest/gr/rande-manage.html
 */
const NEEDS_NO_ENABLING =
  /^(us-(east|west)-[12]|ca-central-1|sa-east-1|eu-(central|north)-1|eu-west-[123]|ap-south-1|ap-northeast-[123]|ap-southeast-[12])$/
const OPT_IN_INSTEAD = 'us-east-1'

/** What a request is refused with whose time is not that of AWS. */
const WRONG_TIME = new Set([
  'SignatureDoesNotMatch',
  'InvalidSignature',
  'RequestExpired',
  'RequestTimeTooSkewed',
])

const EXPIRED = new Set(['ExpiredToken', 'InvalidClientTokenId'])
const NO_IDENTITY = new Set([...EXPIRED, 'CredentialsProviderError', 'SignatureDoesNotMatch'])

/** Each account's trust policy decides by this which repositories may reach it. */
function externalIdOf(repositoryId: number): string {
  return `daypass/${repositoryId}`
}

export function createAccountClients(settings: AwsSettings): AccountClients {
  const { now, clock, endpoint, hubCredentials, requestHandler = TIME_OUTS } = settings
  const hubs = new Map<string, STSClient>()
  const leases = new Map<string, Promise<Lease>>()
  const gates = new Map<string, ReturnType<typeof createGate>>()

  function configFor(region: string) {
    return {
      region,
      endpoint,
      requestHandler,
      retryMode: 'standard',
      maxAttempts: MOST_ATTEMPTS,
      systemClockOffset: now() - Date.now(),
    }
  }

  /** Right where an answer comes in, whatever it is. */
  function listen({
    middlewareStack,
  }: Pick<IAMClient, 'middlewareStack'> | Pick<STSClient, 'middlewareStack'>) {
    const stack: Pick<IAMClient['middlewareStack'], 'add' | 'addRelativeTo'> = middlewareStack
    stack.add(
      (next) => async (call) => {
        const began = clock?.mark() ?? 0
        const outcome = await next(call)
        clock?.compare(dateOf(outcome.response), began)
        return outcome
      },
      { step: 'deserialize', priority: 'low', name: 'compareClocks' },
    )
    stack.addRelativeTo(tryNothingInVain, {
      relation: 'after',
      toMiddleware: 'retryMiddleware',
      name: 'tryNothingInVain',
    })
  }

  function hubIn(account: Account): STSClient {
    const region = stsRegionOf(account)
    const known = hubs.get(region)
    if (known) return known
    const hub = new STSClient({ ...configFor(region), credentials: hubCredentials })
    listen(hub)
    hubs.set(region, hub)
    return hub
  }

  async function assume(account: Account, repositoryId: number): Promise<Lease> {
    const externalId = externalIdOf(repositoryId)
    const began = now()
    const command = new AssumeRoleCommand({
      RoleArn: account.role,
      RoleSessionName: `daypass-${repositoryId}`,
      ExternalId: externalId,
      DurationSeconds: SESSION_SECONDS,
    })
    const answer = await hubIn(account)
      .send(command)
      .catch((error: unknown) => {
        if (codeOf(error) === 'AccessDenied') throw new AccountRoleRefused(account, externalId, error)
        if (NO_IDENTITY.has(codeOf(error))) throw new HubCredentialsRefused(account, withoutEcho(error))
        throw withoutEcho(error)
      })
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {}
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new Error(`AWS answered no credentials for ${account.role}`)
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    }
    const iam = new IAMClient({ ...configFor(account.region), credentials })
    listen(iam)
    return {
      iam,
      began,
      renewAt: Expiration.getTime() - RENEW_EARLY,
    }
  }

  /** Callers at the same time share one session. */
  async function leaseFor(account: Account, repositoryId: number): Promise<Lease> {
    const key = keyOf(account, repositoryId)
    const known = leases.get(key)
    if (known) {
      const lease = await known
      if (now() < lease.renewAt) return lease
      // Another caller has begun to renew it meanwhile.
      if (leases.get(key) !== known) return leaseFor(account, repositoryId)
    }
    const fresh = assume(account, repositoryId)
    leases.set(key, fresh)
    fresh.catch(() => leases.delete(key))
    return fresh
  }

  async function useLease<T>(
    account: Account,
    repositoryId: number,
    task: (iam: IAMClient) => Promise<T>,
  ): Promise<T> {
    const lease = await leaseFor(account, repositoryId)
    try {
      return await task(lease.iam)
    } catch (error) {
      if (!EXPIRED.has(codeOf(error)) && !mayBeRevoked(lease, error)) throw error
      lease.renewAt = Number.NEGATIVE_INFINITY
      return task((await leaseFor(account, repositoryId)).iam)
    }
  }

  function mayBeRevoked({ began }: Lease, error: unknown): boolean {
    return codeOf(error) === 'AccessDenied' && now() - began > RENEWED_AFTER_REFUSAL
  }

  function gateFor(account: Account, repositoryId: number): ReturnType<typeof createGate> {
    const key = keyOf(account, repositoryId)
    const gate = gates.get(key) ?? createGate(TASKS_AT_ONCE)
    gates.set(key, gate)
    return gate
  }

  return {
    use(account, repositoryId, task) {
      const gate = gateFor(account, repositoryId)
      return gate(() => useLease(account, repositoryId, task)).catch((error: unknown) => {
        throw explain(account, withoutEcho(error))
      })
    },
  }
}

/**
 * The SDK tries for seconds what will not pass: a quota that is used up, whose name it takes for throttling, and with a
 * machine's clock that is wrong by minutes every refusal, though the time was not why.
 */
function tryNothingInVain<Call, Outcome>(next: (call: Call) => Promise<Outcome>) {
  return (call: Call) =>
    next(call).catch((error: unknown) => {
      if (error instanceof Error && isTriedInVain(error)) {
        // What the SDK goes by.
        if (codeOf(error) === 'LimitExceeded') error.name = 'LimitExceeded'
        Object.assign(error, { $metadata: { ...metadataOf(error), clockSkewCorrected: undefined } })
      }
      throw error
    })
}

function isTriedInVain(error: Error): boolean {
  const isForTime = metadataOf(error).clockSkewCorrected === true
  return codeOf(error) === 'LimitExceeded' || (isForTime && !WRONG_TIME.has(codeOf(error)))
}

function metadataOf(error: Error & { readonly $metadata?: object }): {
  readonly clockSkewCorrected?: boolean
} {
  return error.$metadata ?? {}
}

function keyOf({ role }: Account, repositoryId: number): string {
  return `${repositoryId} ${role}`
}

function stsRegionOf({ partition, region }: Account): string {
  return partition !== 'aws' || NEEDS_NO_ENABLING.test(region) ? region : OPT_IN_INSTEAD
}
