/** The accounts that `Co-authored-by` trailers name. */
import type { Person } from '../core/evidence.ts'

export type FindByEmail = (email: string) => Person | null

/** Git's trailers are the last paragraph, but the line counts wherever it stands: rather one involved too many. */
const TRAILER = /^[ \t]*co-authored-by:[ \t]*(.*)$/gim
/** The address that GitHub gives to an account; since 2017 with its id in front. Managed users have a `_` in their login. */
const NOREPLY = /^(\d{1,15})\+([a-z\d_-]+(?:\[bot\])?)@users\.noreply\.([a-z\d.-]+)$/i

/** `host`: of the GitHub whose accounts are meant. */
export function coAuthorsOf(message: string, findByEmail: FindByEmail, host: string): (Person | null)[] {
  return [...message.matchAll(TRAILER)].map(([, value = '']) => {
    const email = (value.match(/<([^<>]*)>/)?.[1] ?? value).trim().toLowerCase()
    return noreplyAccount(email, host) ?? findByEmail(email)
  })
}

function noreplyAccount(email: string, host: string): Person | undefined {
  const [, id, login, of] = NOREPLY.exec(email) ?? []
  if (id === undefined || login === undefined || (of !== host && of !== 'github.com')) return undefined
  return { id: Number(id), login, kind: login.endsWith('[bot]') ? 'bot' : 'person' }
}
