/** One visit to the page: who looks, at what, and what is answered. */
import type { Octokit } from '@octokit/rest'
import type { ReadyFile } from '../ready.ts'
import type { People } from '../tour-people.ts'
import type { Control } from './control.ts'
import type { Html } from './html.ts'

export interface Visit {
  readonly ready: ReadyFile
  /** The person the visitor acts as. */
  readonly login: string
  /** GitHub's REST API, as that person. */
  readonly github: Octokit
  readonly control: Control
  /** All of them, with their keys to AWS. */
  readonly people: People
  readonly url: URL
  param(name: string): string
  /** A field of the form that was sent; empty where there is none. */
  field(name: string): string
  /** The sandbox's time, in milliseconds since the epoch. */
  readonly now: number
}

/** A repository as its pages name it. */
export type Place = { readonly owner: string; readonly repo: string }

export type Tab = 'code' | 'pulls' | 'issues'

export type PageAnswer =
  | ShownPage
  /** After a form was sent: to a page of this server. `refusal` is shown there, once. */
  | {
      readonly kind: 'redirect'
      readonly to: string
      readonly person?: string
      readonly refusal?: string
    }
  | { readonly kind: 'file'; readonly contentType: string; readonly body: string | Buffer }

export interface ShownPage {
  readonly kind: 'page'
  readonly status?: number
  readonly title: string
  readonly main: Html
  readonly at?: Place & { readonly tab: Tab }
}

export function placeOf(visit: Visit): Place {
  return { owner: visit.param('owner'), repo: visit.param('repo') }
}

/** `/acme/access/…`; every part is encoded, and slashes in branches and paths stay. */
export function pathTo({ owner, repo }: Place, ...parts: readonly (string | number)[]): string {
  return ['', owner, repo, ...parts].map((part) => encodePath(String(part))).join('/')
}

export function encodePath(path: string): string {
  return path.split('/').map(encodePart).join('/')
}

/** Halves of surrogate pairs have no encoding. */
function encodePart(part: string): string {
  return new URLSearchParams({ part }).toString().slice('part='.length).replaceAll('+', '%20')
}

export function numberIn(visit: Visit, name: string): number {
  const text = visit.param(name)
  if (!/^[0-9]{1,15}$/.test(text)) throw new NothingHere()
  return Number(text)
}

/** There is no such page, or not for this person. */
export class NothingHere extends Error {}

/** What was sent makes no sense; the sentence says why. */
export class BadForm extends Error {}

/** Back to where the form stood, once all that it set off has come to rest. */
export async function afterwards(visit: Visit, to = backOf(visit)): Promise<PageAnswer> {
  await visit.control.rest()
  return { kind: 'redirect', to }
}

/** Only ever to a page of this server. */
export function backOf(visit: Visit): string {
  const back = visit.field('back')
  return isOwnPath(back) ? back : '/'
}

export function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])/.test(path)
}
