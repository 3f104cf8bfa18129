/** The audit as one page in one file: no script, nothing loaded, and nothing in it that could run. */
import { createHash } from 'node:crypto'
import { enumerate, utc } from '../../core/report-words.ts'
import type { Approval, Entry, Extension } from './entry.ts'
import { type Html, html } from './html-parts.ts'
import { STYLE } from './html-style.ts'
import type { Count, Tally } from './tally.ts'
import { timeline } from './timeline.ts'

/** A page that a browser still opens at once; counts and anomalies always speak of all. */
const MOST_LISTED = 2000
const MOST_ODD = 200
const MOST_COUNTED = 12

export interface ReportAbout {
  readonly commit: string
  /** How it was asked for, such as `since 2026-01-01`. */
  readonly filters: string
  /** Seconds since the epoch. */
  readonly now: number
  readonly keysGiven: boolean
}

export function htmlReport(entries: readonly Entry[], tallied: Tally, about: ReportAbout): string {
  const hash = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Daypass audit</title>
<style>`
  const body = html`</style>
</head>
<body><main>
<h1>Who could read what</h1>
<p class="soft">Requests for access, ${about.filters}, from the history up to commit ${about.commit.slice(0, 12)}, as of ${utc(about.now)}.${about.keysGiven ? '' : ' No key was given, so that no signature was checked.'}</p>
${cards(tallied, about.keysGiven)}
<h2>What is odd</h2>
${oddities(entries, tallied)}
<h2>When</h2>
${drawn(entries)}
<h2>How often</h2>
<div class="counts">${[
    counts('Bucket', tallied.buckets),
    counts('Person', tallied.people),
    counts('Approver', tallied.approvers),
    counts('Receipt', tallied.proofs),
  ]}</div>
<h2>Every request</h2>
${list(entries)}
</main></body>
</html>
`
  return page.markup + STYLE + body.markup
}

function cards({ entries, states, proofs, anomalies }: Tally, keysGiven: boolean): Html {
  const of = (counts: readonly Count[], name: string) =>
    counts.find((found) => found.name === name)?.count ?? 0
  const odd = anomalies.reduce((sum, { count }) => sum + count, 0)
  const shownCards: readonly (readonly [number, string, string])[] = [
    [entries, 'requests', ''],
    [of(states, 'open'), 'open now', ''],
    [of(states, 'ended'), 'ended', ''],
    [of(states, 'refused'), 'refused', ''],
    [of(proofs, 'signed'), 'signed receipts', keysGiven ? 'good' : ''],
    [odd, odd === 1 ? 'anomaly' : 'anomalies', odd > 0 ? 'bad' : 'good'],
  ]
  return html`<div class="cards">${shownCards.map(
    ([number, label, tone]) =>
      html`<div class="card"><b class="${tone}">${number.toLocaleString('en')}</b>${label}</div>`,
  )}</div>`
}

function oddities(entries: readonly Entry[], { anomalies }: Tally): Html {
  if (anomalies.length === 0) return html`<p class="good">Nothing.</p>`
  return html`${anomalies.map(({ name, count }) => {
    const odd = entries.filter((entry) => entry.anomalies.some(({ code }) => code === name))
    const more = odd.length - MOST_ODD
    return html`<details${anomalies[0]?.name === name ? html` open` : html``}><summary><span class="bad">${name}</span> ${count.toLocaleString('en')}</summary><ul>${odd
      .slice(0, MOST_ODD)
      .map((entry) => {
        const message = entry.anomalies.find(({ code }) => code === name)?.message ?? ''
        return html`<li>${entry.path}${entry.pull === undefined ? '' : ` (#${entry.pull})`}, ${utc(entry.from ?? entry.added.at)}${entry.requester === undefined ? '' : `, ${entry.requester}`}<br><span class="soft">${message}</span></li>`
      })}${more > 0 ? html`<li>and ${more} more</li>` : html``}</ul></details>`
  })}`
}

function drawn(entries: readonly Entry[]): Html {
  const drawing = timeline(entries)
  if (drawing === undefined) return html`<p class="soft">Nothing was open.</p>`
  return html`<p class="soft">One row for each bucket; the darker, the more requests were open at once. Red: one of them is odd.</p><div class="scroll" tabindex="0" role="region" aria-label="When each bucket could be read">${drawing}</div>`
}

function counts(title: string, all: readonly Count[]): Html {
  const most = all[0]?.count ?? 1
  const more = all.length - MOST_COUNTED
  return html`<table><caption>${title}</caption><tbody>${all
    .slice(0, MOST_COUNTED)
    .map(
      ({ name, count }) =>
        html`<tr><td>${name}<br><meter min="0" max="${most}" value="${count}">${count}</meter></td><td class="number">${count.toLocaleString('en')}</td></tr>`,
    )}${more > 0 ? html`<tr><td class="soft">${more} more</td><td></td></tr>` : html``}</tbody></table>`
}

function list(entries: readonly Entry[]): Html {
  const more = entries.length - MOST_LISTED
  const newest = entries.slice(-MOST_LISTED).toReversed()
  return html`${more > 0 ? html`<p class="soft">The newest ${MOST_LISTED.toLocaleString('en')}; ${more.toLocaleString('en')} older ones are in the CSV and the JSON, or narrow it with filters.</p>` : html``}<table class="list"><thead><tr>${['From', 'Until', 'Who', 'What', 'Why', 'Approved by', 'Stands', 'Receipt'].map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${newest.map(rowOf)}</tbody></table>`
}

function rowOf(entry: Entry): Html {
  const { from, until, endedAt, added, requester, account, bucket, prefixes } = entry
  const { reason, ticket, approvals, extensions } = entry
  const what = prefixes === undefined || prefixes.length === 0 ? '' : `: ${enumerate(prefixes, 'and', 3)}`
  const whole = prefixes?.length === 0 ? ' (whole)' : ''
  const end = endedAt ?? until
  const cell = (label: string, content: Html | string, type = '') =>
    html`<td data-label="${label}" class="${type}"><span>${content}</span></td>`
  return html`<tr>${[
    cell('From', utc(from ?? added.at), 'when'),
    cell('Until', end === undefined ? '' : utc(end), 'when'),
    cell('Who', requester ?? '', 'who'),
    cell('What', `${entry.access === 'list' ? 'names in ' : ''}${account}/${bucket}${whole}${what}`, 'what'),
    cell('Why', html`${because(reason, ticket)}${extensions.map(extended)}`),
    cell('Approved by', html`${loginsOf(approvals)}${extensions.map(extensionApproved)}`),
    cell('Stands', standing(entry), 'stands'),
    cell(
      'Receipt',
      entry.proof,
      entry.proof === 'signed' ? 'good' : entry.proof === 'forged' ? 'bad' : 'soft',
    ),
  ]}</tr>`
}

function because(reason = '', ticket?: string): string {
  return `${reason}${ticket === undefined ? '' : ` (${ticket})`}`
}

function loginsOf(approvals: readonly Approval[]): string {
  return approvals.map(({ login }) => login).join(', ')
}

function extended({ pull, until, reason, ticket, mergedBy }: Extension): Html {
  return html`<br><span class="soft">Extended until ${utc(until)} by #${pull}, merged by ${mergedBy}: ${because(reason, ticket)}</span>`
}

function extensionApproved({ pull, approvals }: Extension): Html {
  return html`<br><span class="soft">#${pull}: ${loginsOf(approvals) || 'nobody'}</span>`
}

function standing({ state, endedBecause, refusedBecause, pull, anomalies }: Entry): Html {
  const why = endedBecause ?? refusedBecause
  const number = pull === undefined ? '' : ` (#${pull})`
  const odd = anomalies.map(({ code }) => code).join(', ')
  return html`${state}${why === undefined ? '' : `: ${why}`}${number}${odd === '' ? html`` : html`<br><span class="bad">${odd}</span>`}`
}
