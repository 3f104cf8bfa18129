/** IAM clients for the accounts that the operator gave: the app's own identity assumes one role in each, for one repository at a time. */
import { IAMClient } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts'
import { type Clock, dateOf } from '../clock.ts'
import type { Account } from '../core/account.ts'
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

  function configFor({ region }: Account) {
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
    const stack: Pick<IAMClient['middlewareStack'], 'add'> = middlewareStack
    stack.add(
      (next) => async (call) => {
        const began = clock?.mark() ?? 0
        const outcome = await next(call)
        clock?.compare(dateOf(outcome.response), began)
        return outcome
      },
      { step: 'deserialize', priority: 'low', name: 'compareClocks' },
    )
  }

  function hubIn(account: Account): STSClient {
    const known = hubs.get(account.region)
    if (known) return known
    const hub = new STSClient({ ...configFor(account), credentials: hubCredentials })
    listen(hub)
    hubs.set(account.region, hub)
    return hub
  }

  async function assume(account: Account, repositoryId: number): Promise<Lease> {
    const externalId = externalIdOf(repositoryId)
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
    const iam = new IAMClient({ ...configFor(account), credentials })
    listen(iam)
    return {
      iam,
      renewAt: Expiration.getTime() - RENEW_EARLY,
    }
  }

  /** Callers at the same time share one session. */
  async function leaseFor(account: Account, repositoryId: number): Promise<Lease> {
    const key = `${repositoryId} ${account.role}`
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
      if (!EXPIRED.has(codeOf(error))) throw error
      lease.renewAt = Number.NEGATIVE_INFINITY
      return task((await leaseFor(account, repositoryId)).iam)
    }
  }

  return {
    use: (account, repositoryId, task) =>
      useLease(account, repositoryId, task).catch((error: unknown) => {
        throw explain(account, withoutEcho(error))
      }),
  }
}
