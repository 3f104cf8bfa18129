/** Check runs: asked of GitHub with their annotations, and shown with summary, buttons and details. */
import type { Octokit } from '@octokit/rest'
import { z } from 'zod'
import type { Remark } from './diff-view.ts'
import { remarkBox } from './diff-view.ts'
import type { CheckRun } from './github.ts'
import { type Html, html } from './html.ts'
import { form } from './layout.ts'
import { renderMarkdown } from './markdown.ts'
import { get, type PageRoute, post } from './router.ts'
import { afterwards, numberIn, type PageAnswer, type Place, pathTo, placeOf, type Visit } from './visit.ts'
import { commitLink, type IconName, icon, time } from './words.ts'

export async function checksOf(github: Octokit, at: Place, ref: string): Promise<readonly CheckRun[]> {
  return github.paginate(github.checks.listForRef, { ...at, ref, per_page: 100 })
}

export async function remarksOf(
  github: Octokit,
  at: Place,
  runs: readonly CheckRun[],
): Promise<readonly Remark[]> {
  const found = await Promise.all(
    runs
      .filter(({ output }) => output.annotations_count > 0)
      .map(async ({ id, name }) => {
        const given = await github.paginate(github.checks.listAnnotations, {
          ...at,
          check_run_id: id,
          per_page: 100,
        })
        return given.map((annotation) => ({ ...annotation, check: name }))
      }),
  )
  return found.flat()
}

interface Standing {
  readonly icon: IconName
  readonly tone: 'good' | 'bad' | 'busy' | 'quiet'
  readonly words: string
}

const CONCLUSIONS: Readonly<Record<string, Standing>> = {
  success: { icon: 'success', tone: 'good', words: 'successful' },
  failure: { icon: 'failure', tone: 'bad', words: 'failed' },
  timed_out: { icon: 'failure', tone: 'bad', words: 'timed out' },
  action_required: { icon: 'failure', tone: 'bad', words: 'action required' },
  cancelled: { icon: 'neutral', tone: 'quiet', words: 'cancelled' },
  skipped: { icon: 'neutral', tone: 'quiet', words: 'skipped' },
  neutral: { icon: 'neutral', tone: 'quiet', words: 'neutral' },
  stale: { icon: 'neutral', tone: 'quiet', words: 'stale' },
}

export function standingOf({ status, conclusion }: CheckRun): Standing {
  const done = status === 'completed' ? CONCLUSIONS[conclusion ?? ''] : undefined
  return done ?? { icon: 'waiting', tone: 'busy', words: status === 'queued' ? 'queued' : 'in progress' }
}

/** One line for each, as in the box above the merge button. */
export function checkList(at: Place, runs: readonly CheckRun[], required: ReadonlySet<string>): Html {
  return html`<ul class="checks">${runs.map((run) => {
    const standing = standingOf(run)
    return html`<li><span class="${standing.tone}">${icon(standing.icon)}</span> <a href="${pathTo(at, 'runs', run.id)}"><b>${run.name}</b></a> <span class="said">${standing.words}: </span><span class="words">${run.output.title ?? standing.words}</span>${required.has(run.name) && html` <span class="label">required</span>`}</li>`
  })}</ul>`
}

/** A check run with all that its page shows of it. */
export interface WholeCheck {
  readonly run: CheckRun
  readonly remarks: readonly Remark[]
  readonly actions: readonly Action[]
}

const answer = z.object({
  actions: z.array(z.object({ label: z.string(), description: z.string(), identifier: z.string() })),
})
type Action = z.infer<typeof answer>['actions'][number]

export async function wholeCheck({ github, ready }: Visit, at: Place, run: CheckRun): Promise<WholeCheck> {
  // GitHub's REST API does not tell a run's buttons, so the sandbox has an address of its own for them.
  const address = `${ready.github.url}${pathTo(at, 'runs', run.id, 'actions')}`
  const [remarks, { data }] = await Promise.all([
    remarksOf(github, at, [run]),
    github.request(`GET ${address}`),
  ])
  return { run, remarks, actions: answer.parse(data).actions }
}

export function checkBox(at: Place, { run, remarks, actions }: WholeCheck, back: string): Html {
  const standing = standingOf(run)
  const title = `check-${run.id}`
  return html`<section class="box check" aria-labelledby="${title}">
<div class="head"><h3 id="${title}"><span class="${standing.tone}">${icon(standing.icon)}</span> <a href="${pathTo(at, 'runs', run.id)}">${run.name}</a></h3>
<p class="hint">${standing.words} on ${commitLink(at, run.head_sha)} ${time(run.completed_at ?? run.started_at)}</p></div>
<div class="body">
<h4 class="words">${run.output.title ?? standing.words}</h4>
${run.output.summary && html`<div class="markdown">${renderMarkdown(run.output.summary)}</div>`}
${remarks.map((remark) => html`<div class="place"><code class="words">${remark.path}</code>${remarkBox(remark)}</div>`)}
${run.output.text && html`<details><summary>Details</summary><div class="markdown">${renderMarkdown(run.output.text)}</div></details>`}
<div class="buttons">
${actions.map((action) =>
  form(
    pathTo(at, 'runs', run.id, 'actions'),
    back,
    html`<button type="submit" name="identifier" value="${action.identifier}" title="${action.description}">${action.label}</button>`,
  ),
)}
${form(pathTo(at, 'runs', run.id, 'rerequest'), back, html`<button type="submit" aria-label="${`Run ${run.name} again`}">Run again</button>`)}
</div>
</div>
</section>`
}

export const checkPages: readonly PageRoute[] = [
  get('/:owner/:repo/runs/:id', showRun),
  post('/:owner/:repo/runs/:id/actions', pressButton),
  post('/:owner/:repo/runs/:id/rerequest', runAgain),
]

async function showRun(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { data: run } = await visit.github.checks.get({ ...at, check_run_id: numberIn(visit, 'id') })
  const main = html`<h1>${run.name}</h1>
${run.pull_requests.length > 0 && html`<p>For ${run.pull_requests.map(({ number }) => html`<a href="${pathTo(at, 'pull', number)}">pull request #${number}</a> `)}</p>`}
${checkBox(at, await wholeCheck(visit, at, run), visit.url.pathname)}`
  return { kind: 'page', title: run.name, at: { ...at, tab: 'pulls' }, main }
}

async function pressButton(visit: Visit): Promise<PageAnswer> {
  const address = `${visit.ready.github.url}${pathTo(placeOf(visit), 'runs', numberIn(visit, 'id'), 'actions')}`
  await visit.github.request(`POST ${address}`, { identifier: visit.field('identifier') })
  return afterwards(visit)
}

async function runAgain(visit: Visit): Promise<PageAnswer> {
  await visit.github.checks.rerequestRun({ ...placeOf(visit), check_run_id: numberIn(visit, 'id') })
  return afterwards(visit)
}
