/** `daypass audit`: who had what, read from a plain clone alone, without any network; where asked to, held against GitHub and IAM. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { type PublicKeys, readPublicKeys } from '../core/receipt-signature.ts'
import { count } from '../core/report-words.ts'
import { formatInstant } from '../core/window.ts'
import { readText } from './accounts.ts'
import { CSV_HEADER, csvLine } from './audit/csv.ts'
import type { Entry } from './audit/entry.ts'
import { type Filters, isWanted, unknownNames } from './audit/filter.ts'
import { jsonEntry } from './audit/json.ts'
import { type Audited, readAudit } from './audit/read-audit.ts'
import { htmlReport } from './audit/report-html.ts'
import { printTable } from './audit/table.ts'
import { tally } from './audit/tally.ts'
import { exitCodeOf, printVerification, type Verification, verifyAll } from './audit/verify.ts'
import type { AuditOptions } from './audit-options.ts'
import { branchOrFail, type Clone, commitOrFail, FAITHFUL, openClone, remoteDefault } from './clone.ts'
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts'
import { asJson, type Output, startProgress } from './output.ts'

export async function audit(options: AuditOptions, output: Output): Promise<ExitCode> {
  const clone = await openClone(FAITHFUL)
  const keys = readKeys(options.key)
  const head = await headOf(clone, options.ref)
  await refuseShallow(clone)
  const format = output.isJson ? 'json' : options.format
  refuseUnwritable(options, format)
  refuseUnverifiable(options, format)
  const all = await readWithProgress(clone, head, keys, options.at)
  const audited = all.filter(({ entry }) => isWanted(entry, options))
  const wanted = audited.map(({ entry }) => entry)
  const verification =
    options.verify && (await verifyAll(clone, audited, { ...options, keyIds: [...keys.keys()] }))
  if (format === 'table') {
    const { anomalies: onlyOdd, ...others } = options
    const looked = onlyOdd && all.filter(({ entry }) => isWanted(entry, others)).length
    if (looked && wanted.length === 0) output.line(`Nothing odd in ${count(looked, 'request')}`)
    else printTable(wanted, tally(wanted), output)
  } else await write(linesOf(format, wanted, { head, keys, options, verification }), options.output)
  if (format === 'table' && verification) printVerification(audited, verification, output)
  if (wanted.length === 0)
    for (const why of unknownNames(
      all.map(({ entry }) => entry),
      options,
    ))
      output.note(`note: ${why}`)
  if (keys.size === 0)
    output.note("note: No signature was checked: give the app's public key with --key FILE.")
  return verification ? exitCodeOf(verification) : EXIT.done
}

function refuseUnwritable({ output }: AuditOptions, format: string): void {
  if (output === undefined || format !== 'table') return
  throw new Failure(
    `The table is for the terminal, and not written into ${output}.`,
    'Say --format csv, json or html.',
    { exitCode: EXIT.usage },
  )
}

function refuseUnverifiable({ verify }: AuditOptions, format: string): void {
  if (!verify || format === 'table' || format === 'json') return
  throw new Failure(`--verify can't be told as ${format}.`, 'Leave --format out, or say --format json.', {
    exitCode: EXIT.usage,
  })
}

/** Several keys may stand in one file, and several files be given: keys change over the years. */
function readKeys(files: readonly string[]): PublicKeys {
  const pems = files.flatMap((file) => {
    const found = readText(file).match(/-----BEGIN [\s\S]+?-----END [^-]+-----/g)
    if (found) return found
    throw new Failure(`${file} holds no key.`, 'Give the public key as PEM: openssl pkey -in KEY -pubout.')
  })
  if (pems.some((pem) => pem.includes('PRIVATE KEY'))) {
    throw new Failure(
      'That is a private key, which belongs nowhere but where the app runs.',
      'Give the public one: openssl pkey -in KEY -pubout.',
      {
        exitCode: EXIT.usage,
      },
    )
  }
  try {
    return readPublicKeys(pems)
  } catch (error) {
    throw new Failure(`A key can't be read: ${reasonOf(error)}.`, 'Give Ed25519 public keys as PEM.', {
      cause: error,
    })
  }
}

async function headOf(clone: Clone, ref: string | undefined): Promise<string> {
  if (ref !== undefined) return branchOrFail(clone, ref)
  // A mirror has refs as whoever could push named them; its HEAD is what the other side calls its branch.
  const base = clone.isBare ? undefined : await remoteDefault(clone)
  return base?.commit ?? commitOrFail(clone, 'HEAD')
}

/** What was cut off would look as if it had never been. */
async function refuseShallow(clone: Clone): Promise<void> {
  if ((await clone.git(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return
  throw new Failure(
    'The clone does not hold the whole history.',
    'Run `git fetch --unshallow` in it, and then this again.',
  )
}

async function readWithProgress(
  clone: Clone,
  head: string,
  keys: PublicKeys,
  now: number,
): Promise<readonly Audited[]> {
  const progress = { what: '', shown: startProgress('') }
  const audited = await readAudit(clone.root, head, {
    keys,
    now,
    onProgress(what, done) {
      if (what !== progress.what) {
        progress.shown.end()
        Object.assign(progress, { what, shown: startProgress(what) })
      }
      progress.shown.at(done)
    },
  })
  progress.shown.end()
  return audited
}

interface About {
  readonly head: string
  readonly keys: PublicKeys
  readonly options: AuditOptions
  readonly verification: Verification | undefined
}

function* linesOf(
  format: 'csv' | 'json' | 'html',
  entries: readonly Entry[],
  { head, keys, options, verification }: About,
): Iterable<string> {
  switch (format) {
    case 'csv':
      yield `${CSV_HEADER}\r\n`
      for (const entry of entries) yield `${csvLine(entry)}\r\n`
      return
    case 'json': {
      const { entries: _, ...counts } = tally(entries)
      yield `{\n"commit": ${asJson(head)},\n"at": ${asJson(formatInstant(options.at))},\n"signaturesChecked": ${keys.size > 0},\n${verification ? `"iamNotAsked": ${asJson(verification.withoutIam ?? null)},\n` : ''}"counts": ${asJson(counts)},\n"requests": [`
      for (const [index, entry] of entries.entries())
        yield `${index > 0 ? ',' : ''}\n${asJson({ ...jsonEntry(entry), verified: verification?.verified[index] })}`
      yield '\n]\n}\n'
      return
    }
    case 'html':
      yield htmlReport(entries, tally(entries), {
        commit: head,
        filters: inWords(options),
        now: options.at,
        keysGiven: keys.size > 0,
      })
  }
}

function inWords({
  since,
  until,
  person,
  approver,
  bucket,
  account,
  state = [],
  anomalies,
}: Filters): string {
  const said = [
    since !== undefined && `since ${formatInstant(since)}`,
    until !== undefined && `until ${formatInstant(until)}`,
    person && `of ${person}`,
    approver && `approved by ${approver}`,
    bucket && `of bucket ${bucket}`,
    account && `in account ${account}`,
    state.length > 0 && `that are ${state.join(' or ')}`,
    anomalies && 'that are odd',
  ].filter((words) => typeof words === 'string' && words !== '')
  return said.length > 0 ? said.join(', ') : 'all of them'
}

/** To the file, or to standard output; no faster than it is taken. */
async function write(lines: Iterable<string>, file: string | undefined): Promise<void> {
  const stream = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 })
  try {
    let lot = ''
    for (const line of lines) {
      lot += line
      if (lot.length < 65_536) continue
      if (!stream.write(lot)) await once(stream, 'drain')
      lot = ''
    }
    if (file === undefined) stream.write(lot)
    else await finished(stream.end(lot))
  } catch (error) {
    throw new Failure(
      `${file ?? 'Standard output'} can't be written: ${reasonOf(error)}.`,
      'Name another with --output FILE.',
    )
  }
}
