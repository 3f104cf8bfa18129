/** A file's lines as a table, with what the checks say of a line right below it. */
import { type DiffLine, readPatch } from './diff.ts'
import type { Annotation, ChangedFile } from './github.ts'
import { type Content, type Html, html } from './html.ts'
import { type Place, pathTo } from './visit.ts'
import { icon } from './words.ts'

/** An annotation, and the name of the check that made it. */
export interface Remark extends Annotation {
  readonly check: string
}

const SIGNS: Readonly<Record<DiffLine['kind'], { readonly sign: string; readonly said: string }>> = {
  added: { sign: '+', said: 'added: ' },
  removed: { sign: '−', said: 'removed: ' },
  same: { sign: '', said: '' },
  gap: { sign: '', said: '' },
}

export function diffTable(lines: readonly DiffLine[], remarks: readonly Remark[] = []): Html {
  return html`<table class="lines"><tbody>${lines.map(
    (line) => html`${row(line, remarks.filter(isOn(line)))}${remarks.filter(isOn(line)).map(remarkRow)}`,
  )}</tbody></table>`
}

function isOn({ newLine }: DiffLine): (remark: Remark) => boolean {
  return ({ end_line }) => end_line === newLine
}

function row(line: DiffLine, remarks: readonly Remark[]): Html {
  const { kind, text, oldLine, newLine } = line
  if (kind === 'gap') return html`<tr class="gap"><td colspan="2"></td><td><code>${text}</code></td></tr>`
  const { sign, said } = SIGNS[kind]
  return html`<tr class="${kind}"><td class="number">${oldLine}</td><td class="number">${newLine}</td><td class="text"><span class="sign" aria-hidden="true">${sign}</span><span class="said">${said}</span><code>${marked(text, remarks)}</code></td></tr>`
}

/** The columns that the first annotation with any points at. */
function marked(text: string, remarks: readonly Remark[]): Content {
  const remark = remarks.find(
    ({ start_column, start_line, end_line }) => start_column && start_line === end_line,
  )
  if (!remark?.start_column) return text
  const from = remark.start_column - 1
  const to = Math.max(remark.end_column ?? 0, from + 1)
  return html`${text.slice(0, from)}<mark>${text.slice(from, to)}</mark>${text.slice(to)}`
}

function remarkRow(remark: Remark): Html {
  return html`<tr class="remark"><td colspan="3">${remarkBox(remark)}</td></tr>`
}

const LEVELS: Readonly<Record<string, string>> = {
  failure: 'Failure',
  warning: 'Warning',
  notice: 'Notice',
}

export function remarkBox({
  check,
  annotation_level,
  title,
  message,
  start_line,
  start_column,
  raw_details,
}: Remark): Html {
  const level = LEVELS[annotation_level ?? ''] ?? 'Notice'
  const where = `line ${start_line}${start_column ? `, column ${start_column}` : ''}`
  return html`<div class="annotation ${level.toLowerCase()}" role="note">
<p class="head">${icon(level === 'Failure' ? 'failure' : 'neutral')} <b>${level}</b> at ${where} <span class="hint">${check}</span></p>
${title && html`<p class="words"><b>${title}</b></p>`}
<p class="words">${message}</p>
${raw_details && html`<pre>${raw_details}</pre>`}
</div>`
}

const MADE: Readonly<Record<string, string>> = {
  added: 'new file',
  removed: 'file deleted',
  renamed: 'renamed',
  copied: 'copied',
  changed: 'kind of file changed',
}

export interface ShownFile {
  readonly at: Place
  readonly file: ChangedFile
  readonly remarks: readonly Remark[]
  /** The branch to edit it on, where there is one. */
  readonly editOn?: Place & { readonly branch: string }
}

export function fileDiff({ at, file, remarks, editOn }: ShownFile): Html {
  const lines = file.patch === undefined ? [] : readPatch(file.patch)
  const own = remarks.filter(({ path }) => path === file.filename)
  const shown = new Set(lines.flatMap(({ newLine }) => newLine ?? []))
  const elsewhere = own.filter(({ end_line }) => !shown.has(end_line))
  const id = `file-${file.sha}`
  const blob = /\/blob\/([0-9a-f]{40})\//.exec(file.blob_url ?? '')?.[1]
  return html`<section class="box file" aria-labelledby="${id}">
<div class="head"><h3 id="${id}" class="words"><bdi>${file.previous_filename && `${file.previous_filename} → `}${file.filename}</bdi></h3>
<p class="counts">${MADE[file.status]} <span class="plus">+${file.additions}</span> <span class="minus">−${file.deletions}</span></p>
<div class="buttons">${editOn && file.status !== 'removed' && html`<a class="button" href="${pathTo(editOn, 'edit', editOn.branch, file.filename)}">Edit</a>`}${blob && file.status !== 'removed' && html`<a class="button" href="${pathTo(at, 'blob', blob, file.filename)}">View</a>`}</div></div>
${elsewhere.map(remarkBox)}
${lines.length === 0 ? html`<p class="hint">No lines to show.</p>` : diffTable(lines, own)}
</section>`
}

/** What the checks say of files that the change does not show. */
export function remarksElsewhere(files: readonly ChangedFile[], remarks: readonly Remark[]): readonly Html[] {
  const shown = new Set(files.map(({ filename }) => filename))
  return remarks
    .filter(({ path }) => !shown.has(path))
    .map(
      (remark) =>
        html`<section class="box"><p class="head words">${remark.path}</p>${remarkBox(remark)}</section>`,
    )
}
