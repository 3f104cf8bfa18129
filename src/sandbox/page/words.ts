/** Small pieces that many pages share: times, people, commits, icons. */
import { type Content, Html, html } from './html.ts'
import { encodePath, type Place, pathTo } from './visit.ts'

/** `Nov 24, 09:00 UTC`, and the whole instant for machines. */
export function time(iso: string | null | undefined): Content {
  if (!iso) return undefined
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return iso
  const day = `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()}`
  return html`<time datetime="${iso}">${day}, ${at.toISOString().slice(11, 16)} UTC</time>`
}

/** `2026-11-24 09:00:00 UTC`, to the second */
export function instant(milliseconds: number): Html {
  const iso = `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
  return html`<time datetime="${iso}">${iso.replace('T', ' ').replace('Z', ' UTC')}</time>`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export interface Account {
  readonly login: string
}

/** Isolated, so that a name can't turn around what stands beside it. */
export function person(account: Account | null | undefined): Html {
  return html`<bdi class="person">${account?.login ?? 'somebody unknown'}</bdi>`
}

export function avatar(account: Account | null | undefined): Html {
  return html`<img class="avatar" src="${`/avatars/${encodePath(account?.login ?? '?')}`}" alt="" width="32" height="32">`
}

export function commitLink(at: Place, sha: string): Html {
  return html`<a class="sha" href="${pathTo(at, 'commit', sha)}">${sha.slice(0, 7)}</a>`
}

export function firstLine(message: string): string {
  return message.split('\n')[0] ?? ''
}

export function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

const ICONS = {
  success:
    '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.8 8.2l2.2 2.2 4.2-4.6" stroke="var(--page)" fill="none" stroke-width="1.8"/>',
  failure:
    '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" stroke="var(--page)" stroke-width="1.8"/>',
  waiting: '<circle cx="8" cy="8" r="4" fill="currentColor"/>',
  neutral:
    '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M5 8h6" stroke="currentColor" stroke-width="1.8"/>',
  folder: '<path d="M1.5 3.5h4.6l1.6 1.8h6.8v8h-13z" fill="currentColor"/>',
  file: '<path d="M3.5 1.5h6l3 3v10h-9z" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M9.2 1.7v3.2h3.2" fill="none" stroke="currentColor" stroke-width="1.4"/>',
  pull: '<circle cx="4" cy="3.5" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="4" cy="12.5" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="12" cy="12.5" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M4 5.3v5.4M12 10.7V6.2c0-1.4-.8-2.2-2.2-2.2H7.6M9.4 2L7.4 4l2 2" fill="none" stroke="currentColor" stroke-width="1.4"/>',
  merge:
    '<circle cx="4" cy="3.5" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="4" cy="12.5" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="12" cy="9" r="1.8" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M4 5.3v5.4M4.4 5.2C5 7.6 7 9 10.2 9" fill="none" stroke="currentColor" stroke-width="1.4"/>',
  commit:
    '<circle cx="8" cy="8" r="2.8" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M0 8h5.2M10.8 8H16" stroke="currentColor" stroke-width="1.5"/>',
  eye: '<path d="M1 8c2-3.2 4.4-4.8 7-4.8S13 4.800 15 8c-2 3.200-4.400 4.800-7 4.800S3 11.200 1 8z" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="8" cy="8" r="2" fill="currentColor"/>',
  dot: '<circle cx="8" cy="8" r="3" fill="currentColor"/>',
  key: '<circle cx="5" cy="8" r="3.2" fill="none" stroke="currentColor" stroke-width="1.7"/><path d="M8.200 8H15M12.500 8v3" fill="none" stroke="currentColor" stroke-width="1.7"/>',
  lock: '<rect x="3" y="7" width="10" height="7" rx="1.2" fill="currentColor"/><path d="M5.2 7V5a2.800 2.800 0 015.600 0v2" fill="none" stroke="currentColor" stroke-width="1.600"/>',
} as const

export type IconName = keyof typeof ICONS

const icons = new Map(
  Object.entries(ICONS).map(([name, shape]) => [
    name,
    new Html(
      `<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${shape}</svg>`,
    ),
  ]),
)

/** Decoration: whatever it says is said in words beside it. */
export function icon(name: IconName): Html {
  return icons.get(name) ?? html``
}
