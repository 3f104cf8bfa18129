/** What a request would become if it were merged at some moment: read as the app reads it, drawn as the app grants it. */
import { type Asked, readAsked } from '../core/asked.ts'
import { buildGrant, checkGrantSize, type Grant } from '../core/grant.ts'
import { inWhole, type Parsed, refused } from '../core/problem.ts'
import { type AccessRequest, parseLocation } from '../core/request.ts'
import type { Rules } from '../core/rules.ts'
import { windowOf } from '../core/window.ts'
import { type Accounts, accountsFor } from './accounts.ts'

/** The same reading as the app's; accounts that only the operator knows are taken to be there. `extended`: what it is to extend. */
export function readUnderRules(
  file: { readonly path: string; readonly text?: string },
  rules: Rules,
  known: Accounts,
  at: number,
  extended?: AccessRequest,
): Parsed<Asked> {
  const location = parseLocation(file.path)
  if (!location.ok) return location
  const asked = readAsked(file, rules, accountsFor(known, rules, location.value), at, extended)
  if (!asked.ok) return asked
  const tooLarge = checkGrantSize(drawGrant(asked.value, at))
  if (tooLarge === undefined) return asked
  return refused(inWhole(file.path, tooLarge))
}

/** Both policies are functions of the request, the rules, the account and the merge alone; only names need the rest. */
export function drawGrant(
  { location, request, account, terms }: Asked,
  mergedAt: number,
  { repositoryId, pull }: { readonly repositoryId: number; readonly pull: number } = {
    repositoryId: 0,
    pull: 0,
  },
): Grant {
  return buildGrant({
    identity: { repositoryId, path: location.path, pull },
    location,
    blob: '0'.repeat(40),
    request,
    window: windowOf(request, mergedAt),
    account,
    principal: terms.principal,
    kmsKey: terms.kmsKey,
  })
}
