/** The panel beside every page: who can read what now, as S3 has just answered, and the clock to wait with. */
import { type Html, html } from './html.ts'
import { form } from './layout.ts'
import type { Access, Answer, GrantWindow, ObjectAccess, Reader } from './look-at-access.ts'
import { encodePath, type Visit } from './visit.ts'
import { icon, instant } from './words.ts'

/** `access` or `app` is a sentence where the question failed. */
export function panel(visit: Visit, access: Access | string, app: string): Html {
  return html`<aside id="panel" class="panel" aria-labelledby="panel-title" tabindex="-1">
<section aria-labelledby="panel-title">
<h2 id="panel-title">Who can read what now</h2>
<p class="hint">Just asked of S3: each person by their own keys, and by every grant's role that lets them in. Press a mark to read as that person.</p>
<div data-live="access">
${typeof access === 'string' ? html`<p class="words">AWS could not be asked: ${access}</p>` : access.objects.length === 0 ? html`<p>There are no objects.</p>` : accessTable(access.objects)}
</div>
</section>
<section aria-labelledby="clock-title">
<h2 id="clock-title">The clock</h2>
${clock(visit, typeof access === 'string' ? [] : access.windows)}
</section>
<section aria-labelledby="app-title">
<h2 id="app-title">Daypass itself</h2>
${process(visit, app)}
</section>
</aside>`
}

/** The people stand over their columns once; each object has a line for its name and one for the answers. */
function accessTable(objects: readonly ObjectAccess[]): Html {
  const people = objects[0]?.readers.map(({ login }) => login) ?? []
  return html`<table class="access">
<thead><tr>${people.map((login) => html`<th scope="col">${login}</th>`)}</tr></thead>
${objects.map(
  (object, index) => html`<tbody>
${object.bucket !== objects[index - 1]?.bucket && html`<tr><th class="bucket" colspan="${people.length}" scope="rowgroup">${object.bucket}</th></tr>`}
<tr><th class="object" colspan="${people.length}" scope="rowgroup"><code class="words">${object.key}</code></th></tr>
<tr>${object.readers.map((reader) => html`<td>${oneReader(object, reader)}</td>`)}</tr>
</tbody>`,
)}</table>`
}

const SAYS: Readonly<Record<Answer['kind'], { readonly words: string; readonly mark: string }>> = {
  reads: { words: 'can read', mark: '✓' },
  denied: { words: 'is denied', mark: '–' },
  unknown: { words: 'could not be asked', mark: '?' },
}

function oneReader({ bucket, key }: ObjectAccess, { login, answer }: Reader): Html {
  const { words, mark } = SAYS[answer.kind]
  const by = answer.kind === 'reads' ? `, by ${answer.through}` : ''
  const detail = answer.kind === 'unknown' ? `: ${answer.detail}` : ''
  const address = `/s3/${encodePath(bucket)}/${encodePath(key)}?as=${login}`
  return html`<a class="reader ${answer.kind}" href="${address}" title="${`${login} ${words}${by}${detail}`}"><span aria-hidden="true">${mark}</span><span class="said">${login} ${words} ${key}</span></a>`
}

function clock(visit: Visit, windows: readonly GrantWindow[]): Html {
  const { now } = visit
  const back = visit.url.pathname + visit.url.search
  const move = (words: string, field: 'advance' | 'set', value: string) =>
    html`<button type="submit" name="${field}" value="${value}">${words}</button>`
  const value = new Date(now).toISOString().slice(0, 19)
  return html`<p class="now" data-live="now" data-now="${now}">${instant(now)}</p>
${form('/clock', back, html`<div class="buttons">${move('+1 min', 'advance', '1m')}${move('+1 h', 'advance', '1h')}</div>`, 'Move the clock')}
<div data-live="windows">
${windows.length === 0 ? html`<p class="hint">No grant is open.</p>` : html`<ul class="windows">${windows.map((window) => html`<li>${oneWindow(window, now)}${form('/clock', back, toWindow(window, now, move))}</li>`)}</ul>`}
</div>
<details><summary>Set the clock</summary>
${form('/clock', back, html`<label for="clock-set">Date and time, in UTC</label><input id="clock-set" type="datetime-local" step="1" name="utc" value="${value}" required><button type="submit">Set</button>`)}
</details>`
}

function oneWindow({ role, start, end }: GrantWindow, now: number): Html {
  const name = role.slice(role.lastIndexOf('/') + 1)
  return html`<code class="words">${name}</code><br>${now < start ? html`opens ${instant(start)}` : html`open until ${instant(end)}`}${now >= end && html` (over)`}`
}

/** Moved to the very instant: the first at which AWS lets in, or no longer does. */
function toWindow(
  { start, end }: GrantWindow,
  now: number,
  move: (words: string, field: 'set', value: string) => Html,
): Html {
  return html`<div class="buttons">${now < start && move('To the start of the window', 'set', new Date(start).toISOString())}${now < end && move('To the end of the window', 'set', new Date(end).toISOString())}</div>`
}

function process(visit: Visit, app: string): Html {
  const back = visit.url.pathname + visit.url.search
  const isUp = app === 'up'
  const order = (words: string, value: string) =>
    html`<button type="submit" name="order" value="${value}">${words}</button>`
  return html`<p data-live="app"><span class="${isUp ? 'good' : 'bad'}">${icon(isUp ? 'success' : 'failure')}</span> The app is <b>${app}</b>.</p>
<p class="hint">Access ends on time without it: AWS holds the window.</p>
${form('/app', back, html`<div class="buttons">${isUp ? order('Kill it', 'kill') : order('Start it', 'start')}</div>`, 'The app')}`
}
