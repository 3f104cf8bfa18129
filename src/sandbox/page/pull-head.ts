/** What stands at the top of each page of a pull request, and what all of them need to know of it. */

import type { Pull } from './github.ts'
import { type Html, html } from './html.ts'
import { tabLink } from './layout.ts'
import { numberIn, type PageAnswer, type Place, pathTo, placeOf, type Visit } from './visit.ts'
import { icon, person } from './words.ts'

export type PullTab = 'conversation' | 'commits' | 'checks' | 'files'

export interface PullVisit {
  readonly visit: Visit
  readonly at: Place
  readonly pull: Pull
  /** The address of this page, for forms to come back to. */
  readonly back: string
}

export async function openPull(visit: Visit): Promise<PullVisit> {
  const at = placeOf(visit)
  const { data: pull } = await visit.github.pulls.get({ ...at, pull_number: numberIn(visit, 'number') })
  return { visit, at, pull, back: visit.url.pathname }
}

/** `below` is what people write in, and is left alone when the rest is looked at again. */
export function pullPage({ at, pull }: PullVisit, tab: PullTab, content: Html, below?: Html): PageAnswer {
  const { number, title } = pull
  const to = (path: readonly string[]) => pathTo(at, 'pull', number, ...path)
  return {
    kind: 'page',
    title: `${title} · Pull request #${number}`,
    at: { ...at, tab: 'pulls' },
    main: html`<h1 class="words"><bdi>${title}</bdi> <span class="number">#${number}</span></h1>
<p class="under">${pullState(pull)} ${person(pull.merged ? pull.merged_by : pull.user)} ${pull.merged ? 'merged' : 'wants to merge'} <span class="branch"><bdi>${label(pull, pull.head)}</bdi></span> into <span class="branch"><bdi>${pull.base.ref}</bdi></span></p>
<nav aria-label="Pull request"><ul class="tabs">
${tabLink(to([]), html`Conversation <span class="count">${pull.comments}</span>`, tab === 'conversation')}
${tabLink(to(['commits']), html`Commits <span class="count">${pull.commits}</span>`, tab === 'commits')}
${tabLink(to(['checks']), 'Checks', tab === 'checks')}
${tabLink(to(['files']), html`Files changed <span class="count">${pull.changed_files}</span>`, tab === 'files')}
</ul></nav>
<div data-live="pull">${content}</div>
${below}`,
  }
}

/** A fork's branch with its owner in front. */
function label(pull: Pull, head: Pull['head']): string {
  return head.repo?.full_name === pull.base.repo.full_name ? head.ref : head.label
}

interface Stateful {
  readonly state: string
  readonly draft?: boolean | undefined
  readonly merged_at: string | null
}

export function pullState({ state, draft, merged_at }: Stateful): Html {
  if (merged_at !== null) return html`<span class="state done">${icon('merge')} Merged</span>`
  if (state === 'closed') return html`<span class="state bad">${icon('pull')} Closed</span>`
  if (draft) return html`<span class="state quiet">${icon('pull')} Draft</span>`
  return html`<span class="state good">${icon('pull')} Open</span>`
}
