/** A request that a pull request changes: what it was approved for, and what the change would make of it. */
import type { Asked } from './core/asked.ts'
import type { Evidence, FileAt } from './core/evidence.ts'
import { type ExtensionRefusal, extend, findTooLate, NOTHING_TO_EXTEND } from './core/extension.ts'
import type { Grant } from './core/grant.ts'
import { grantOf, parseRecord, type RequestRecord } from './core/record.ts'
import { NO_TERMS } from './judge-added.ts'
import type { Snapshot } from './ports.ts'
import type { GitHub, PreviewWorld } from './world.ts'

/** What stands, and can be made longer. */
export interface Extended {
  readonly judged: RequestRecord
  /** The pull request that added the file. */
  readonly pull: number
  readonly file: FileAt
}

/** Undefined where the default branch has no such file. */
export async function readExtended(
  world: PreviewWorld,
  { reader }: GitHub,
  base: Snapshot,
  path: string,
): Promise<Extended | ExtensionRefusal | undefined> {
  const file = base.requests.find((request) => request.path === path)
  if (file === undefined) return undefined
  const brought = await reader.provenance(file, base, NO_TERMS)
  const { record, evidence } = brought.earlier[0] ?? brought
  const judged = record?.state === 'granted' ? parseRecord(record.text) : undefined
  if (judged === undefined || judged.blob !== file.blob || evidence.pull === undefined)
    return NOTHING_TO_EXTEND
  const { blob, mode } = file
  return findTooLate(judged, world.now()) ?? { judged, pull: evidence.pull.number, file: { blob, mode } }
}

/** What would stand if it were merged now by one who may. */
export function extendIfMergedNow(
  world: PreviewWorld,
  { judged, pull }: Extended,
  { location, account, request, terms }: Asked,
  { path, pull: extending, atMerge }: Evidence,
): Grant | ExtensionRefusal {
  const author = extending?.author
  if (extending === undefined || author == null || atMerge === 'missing') return NOTHING_TO_EXTEND
  const next = extend(judged, {
    pull: { number: extending.number, author },
    blob: atMerge.blob,
    request,
    terms,
    verdict: { outcome: 'approved', approvals: [], mergedBy: author },
  })
  if ('code' in next) return next
  return grantOf({ repositoryId: world.repository.id, path, pull }, location, account, next)
}
