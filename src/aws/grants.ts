/** The grants of all accounts behind their ports, put together from clients, reader and writer. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { GrantReader, GrantWriter } from '../ports.ts'
import { type AwsSettings, createAccountClients } from './clients.ts'
import { createGrantReader, type GrantReaderOptions } from './grant-reader.ts'
import { createGrantWriter } from './grant-writer.ts'

export function createGrants(
  { aws }: { readonly aws: Pick<AwsSettings, 'endpoint'> },
  now: AwsSettings['now'],
  onForeign: GrantReaderOptions['onForeign'] = warnOfForeign,
): GrantReader & GrantWriter {
  const clients = createAccountClients({ ...aws, now })
  return { ...createGrantReader({ clients, onForeign }), ...createGrantWriter({ clients, sleep }) }
}

const warnOfForeign: GrantReaderOptions['onForeign'] = ({ roleArn, why }) =>
  process.emitWarning(`${roleArn} is not touched, although it lies where only grants should: ${why}`)
