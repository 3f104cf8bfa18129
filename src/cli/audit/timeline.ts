/** When each bucket could be read, and by how many: one row for each bucket, darker where more had access at once. */
import { formatInstant } from '../../core/window.ts'
import type { Entry } from './entry.ts'
import { type Html, html } from './html-parts.ts'

const BINS = 72
const MOST_ROWS = 16
const LABEL = 190
const CELL = { width: 9, height: 18, gap: 1 }
const FOOT = 22

interface Span {
  readonly from: number
  readonly to: number
  readonly odd: boolean
}

/** Undefined where nothing is known to have been open. */
export function timeline(entries: readonly Entry[]): Html | undefined {
  const spans = new Map<string, Span[]>()
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const entry of entries) {
    const span = spanOf(entry)
    if (span === undefined) continue
    const row = `${entry.account}/${entry.bucket}`
    const known = spans.get(row)
    if (known) known.push(span)
    else spans.set(row, [span])
    first = Math.min(first, span.from)
    last = Math.max(last, span.to)
  }
  if (spans.size === 0) return undefined
  const width = Math.max(1, last - first) / BINS
  const rows = [...spans].toSorted(([, a], [, b]) => b.length - a.length).slice(0, MOST_ROWS)
  const bins = rows.map(([name, held]) => ({ name, bins: fill(held, first, width) }))
  const most = Math.max(1, ...bins.flatMap((row) => row.bins.map(({ open }) => open)))
  return draw(bins, { first, last, most, hidden: spans.size - rows.length })
}

/** What is known to have been open, or may have been. */
function spanOf({ from, until, endedAt, state, anomalies }: Entry): Span | undefined {
  if (from === undefined || until === undefined || state === 'refused') return undefined
  const to = Math.min(until, endedAt ?? until)
  return to > from ? { from, to, odd: anomalies.length > 0 } : undefined
}

interface Bin {
  /** At most so many at once, counted as all that touch the bin. */
  open: number
  odd: number
}

function fill(spans: readonly Span[], first: number, width: number): readonly Bin[] {
  const bins = Array.from({ length: BINS }, (): Bin => ({ open: 0, odd: 0 }))
  for (const { from, to, odd } of spans) {
    const begin = Math.min(BINS - 1, Math.floor((from - first) / width))
    const end = Math.min(BINS - 1, Math.ceil((to - first) / width) - 1)
    for (const bin of bins.slice(begin, Math.max(begin, end) + 1)) {
      bin.open++
      if (odd) bin.odd++
    }
  }
  return bins
}

function draw(
  rows: readonly { readonly name: string; readonly bins: readonly Bin[] }[],
  {
    first,
    last,
    most,
    hidden,
  }: { readonly first: number; readonly last: number; readonly most: number; readonly hidden: number },
): Html {
  const step = CELL.width + CELL.gap
  const tall = CELL.height + CELL.gap * 3
  const width = LABEL + BINS * step
  const height = rows.length * tall + FOOT
  const day = (seconds: number) =>
    formatInstant(seconds)
      .slice(0, last - first < 3 * 86_400 ? 16 : 10)
      .replace('T', ' ')
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="When each bucket could be read, and by how many requests">
${rows.map(({ name, bins }, index) => {
  const top = index * tall
  return html`<text x="${LABEL - 8}" y="${top + 13}" text-anchor="end">${short(name)}</text>
<line class="rule" x1="${LABEL}" x2="${width}" y1="${top + CELL.height + 1}" y2="${top + CELL.height + 1}"/>
${bins.map(({ open, odd }, bin) =>
  open === 0
    ? html``
    : html`<rect class="${odd > 0 ? 'odd' : 'cell'}" opacity="${shade(open, most)}" x="${LABEL + bin * step}" y="${top}" width="${CELL.width}" height="${CELL.height}"><title>${name}, from ${day(first + ((last - first) / BINS) * bin)}: ${open} open${odd > 0 ? `, ${odd} of them odd` : ''}</title></rect>`,
)}`
})}
<text x="${LABEL}" y="${height - 6}">${day(first)}</text>
<text x="${width}" y="${height - 6}" text-anchor="end">${day(last)}</text>
</svg>${hidden > 0 ? html`<p class="soft">${hidden} more buckets are not drawn.</p>` : html``}`
}

/** Even one stands out; the most is solid. */
function shade(open: number, most: number): string {
  return (0.35 + 0.65 * Math.sqrt(open / most)).toFixed(2)
}

function short(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name
}
