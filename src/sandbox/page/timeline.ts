/** The story of a pull request or an issue, as GitHub's timeline tells it: what was said in boxes, what was done in lines. */
import type { Moment } from './github.ts'
import { type Content, type Html, html } from './html.ts'
import { form } from './layout.ts'
import { renderMarkdown } from './markdown.ts'
import { type Place, pathTo } from './visit.ts'
import { type Account, avatar, commitLink, firstLine, type IconName, icon, person, time } from './words.ts'

export interface Told {
  readonly at: Place
  readonly number: number
  readonly back: string
}

export function timeline(told: Told, moments: readonly Moment[]): Html {
  // A merge closes too, which needs no saying.
  const isMerged = moments.some(({ event }) => event === 'merged')
  const shown = moments.filter(({ event }) => !(isMerged && event === 'closed'))
  return html`<ol class="timeline">${shown.map((moment) => html`<li>${oneMoment(told, moment)}</li>`)}</ol>`
}

export interface Said {
  readonly by: Account | null | undefined
  /** What they did by it, such as "commented". */
  readonly did: Content
  readonly when: string | null | undefined
  readonly body: string | null | undefined
  readonly tone?: string
  readonly id?: string
  readonly below?: Html
}

export function comment({ by, did, when, body, tone = '', id, below }: Said): Html {
  return html`<article class="comment ${tone}"${id !== undefined && html` id="${id}"`}>
<div class="head">${avatar(by)} <p>${person(by)} ${did} ${time(when)}</p></div>
${body && html`<div class="body markdown">${renderMarkdown(body)}</div>`}
${below}
</article>`
}

interface Line {
  readonly icon: IconName
  readonly tone?: string
  readonly by: Account | null | undefined
  readonly did: Content
  readonly when: string | null | undefined
}

function line({ icon: name, tone = '', by, did, when }: Line): Html {
  return html`<p class="event ${tone}">${icon(name)} <span class="words">${by && person(by)} ${did} ${time(when)}</span></p>`
}

/** The timeline's kinds have each their own fields, which its types only partly tell apart. */
interface Fields {
  readonly event?: string
  readonly id?: number
  readonly sha?: string
  readonly message?: string
  readonly author?: { readonly name?: string; readonly date?: string } | null
  readonly user?: Account | null
  readonly actor?: Account | null
  readonly body?: string | null
  readonly state?: string
  readonly commit_id?: string | null
  readonly submitted_at?: string | null
  readonly created_at?: string | null
  readonly updated_at?: string | null
  readonly label?: { readonly name?: string | null }
  readonly rename?: { readonly from: string; readonly to: string }
  readonly requested_reviewer?: Account | null
  readonly requested_team?: { readonly slug: string }
  readonly dismissed_review?: { readonly dismissal_message?: string | null }
}

function oneMoment(told: Told, moment: Moment): Html {
  const fields: Fields = moment as Fields
  switch (fields.event) {
    case 'committed':
      return line({
        icon: 'commit',
        by: undefined,
        did: html`${fields.author?.name} committed ${commitLink(told.at, fields.sha ?? '')} <bdi>${firstLine(fields.message ?? '')}</bdi>`,
        when: fields.author?.date,
      })
    case 'commented':
      return comment({
        by: fields.user,
        did: 'commented',
        when: fields.created_at,
        body: fields.body,
        id: `issuecomment-${fields.id}`,
        ...(fields.updated_at !== fields.created_at && {
          did: html`commented, edited ${time(fields.updated_at)}; first`,
        }),
      })
    case 'reviewed':
      return review(told, fields)
    default:
      return line({ ...event(told, fields), by: fields.actor, when: fields.created_at })
  }
}

const REVIEWS: Readonly<Record<string, { readonly tone: string; readonly words: string }>> = {
  approved: { tone: 'good', words: 'approved' },
  changes_requested: { tone: 'bad', words: 'asked for changes in' },
  commented: { tone: '', words: 'reviewed' },
  dismissed: { tone: 'quiet', words: 'gave a review, since dismissed, of' },
}

function review(
  { at, number, back }: Told,
  { id, user, state, body, commit_id, submitted_at }: Fields,
): Html {
  const { tone, words } = REVIEWS[state ?? ''] ?? { tone: '', words: `reviewed (${state})` }
  const isStanding = state === 'approved' || state === 'changes_requested'
  const dismissal = html`<details class="body quiet"><summary>Dismiss this review</summary>
${form(pathTo(at, 'pull', number, 'dismiss'), back, html`<input type="hidden" name="review" value="${id}"><label for="dismiss-${id}">Why</label><input id="dismiss-${id}" name="message" required><button type="submit">Dismiss</button>`)}</details>`
  return comment({
    by: user,
    did: html`<b>${words}</b> commit ${commitLink(at, commit_id ?? '')}`,
    when: submitted_at,
    body,
    tone,
    id: `pullrequestreview-${id}`,
    ...(isStanding && { below: dismissal }),
  })
}

function event({ at }: Told, fields: Fields): { icon: IconName; tone?: string; did: Content } {
  const { event: name = '', commit_id } = fields
  switch (name) {
    case 'merged':
      return {
        icon: 'merge',
        tone: 'done',
        did: html`<b>merged</b> this as ${commitLink(at, commit_id ?? '')}`,
      }
    case 'closed':
      return { icon: 'failure', tone: 'bad', did: html`<b>closed</b> this` }
    case 'reopened':
      return { icon: 'pull', tone: 'good', did: html`<b>reopened</b> this` }
    case 'renamed':
      return {
        icon: 'dot',
        did: html`changed the title from <del><bdi>${fields.rename?.from}</bdi></del> to <bdi>${fields.rename?.to}</bdi>`,
      }
    case 'labeled':
    case 'unlabeled':
      return {
        icon: 'dot',
        did: html`${name === 'labeled' ? 'added' : 'took off'} the label <span class="label"><bdi>${fields.label?.name}</bdi></span>`,
      }
    case 'review_requested':
      return {
        icon: 'eye',
        did: html`asked for a review by <b>${fields.requested_reviewer?.login ?? fields.requested_team?.slug}</b>`,
      }
    case 'review_dismissed':
      return {
        icon: 'dot',
        did: html`dismissed a review: <bdi>${fields.dismissed_review?.dismissal_message}</bdi>`,
      }
    default:
      return { icon: 'dot', did: EVENTS[name] ?? name.replaceAll('_', ' ') }
  }
}

const EVENTS: Readonly<Record<string, string>> = {
  head_ref_deleted: 'deleted the branch',
  head_ref_restored: 'restored the branch',
  head_ref_force_pushed: 'force-pushed the branch',
  base_ref_changed: 'changed the base branch',
  base_ref_force_pushed: 'force-pushed the base branch',
  convert_to_draft: 'made this a draft',
  ready_for_review: 'marked this as ready for review',
}
