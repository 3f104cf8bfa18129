/** The box below a pull request's conversation: its checks, what is missing, the merge in three ways, and its branch. */
import { checkList, checksOf } from './checks.ts'
import type { CheckRun } from './github.ts'
import { type Html, html } from './html.ts'
import { form } from './layout.ts'
import type { PullVisit } from './pull-head.ts'
import { branchesOf } from './refs.ts'
import { pathTo } from './visit.ts'
import { commitLink, icon } from './words.ts'

export async function mergeBox(opened: PullVisit): Promise<Html> {
  const { pull } = opened
  return html`<section class="box merge" id="merge" aria-labelledby="merge-title" tabindex="-1">
${pull.merged ? await merged(opened) : pull.state === 'closed' ? await closed(opened) : await open(opened)}
</section>`
}

async function open(opened: PullVisit): Promise<Html> {
  const { visit, at, pull } = opened
  const [runs, rules] = await Promise.all([checksOf(visit.github, at, pull.head.sha), rulesOf(opened)])
  const { words, icon: sign, tone } = standing(pull.mergeable_state)
  const required = new Set(rules.checks)
  const missing = rules.checks.filter((name) => !runs.some((run) => run.name === name))
  return html`<h2 id="merge-title" class="said">Merge</h2>
${runs.length + missing.length > 0 && html`<h3>Checks</h3>`}
${runs.length > 0 && checkList(at, runs, required)}
${missing.map((name) => html`<p class="busy">${icon('waiting')} <b>${name}</b> is required and has not reported yet.</p>`)}
<p class="standing ${tone}">${icon(sign)} <b>${words}</b></p>
${pull.mergeable_state === 'blocked' && html`<p class="hint">The branch rules of <b>${pull.base.ref}</b> ask for: ${rules.words.join('; ')}. GitHub refuses the merge until then.</p>`}
${mergeForm(opened)}
<div class="buttons">
${pull.draft ? small(opened, 'ready', 'Ready for review') : small(opened, 'draft', 'Back to a draft')}
${small(opened, 'update-branch', `Bring in ${pull.base.ref}`)}
</div>`
}

const STANDINGS = {
  clean: { words: 'This can be merged.', icon: 'success', tone: 'good' },
  unstable: {
    words: 'This can be merged, though not every check succeeded.',
    icon: 'neutral',
    tone: 'quiet',
  },
  blocked: { words: 'Merging is blocked.', icon: 'failure', tone: 'bad' },
  dirty: {
    words: 'This can not be merged: it conflicts with the base branch.',
    icon: 'failure',
    tone: 'bad',
  },
  draft: { words: 'This is a draft, and can not be merged yet.', icon: 'neutral', tone: 'quiet' },
} as const

function standing(state: string) {
  const known = Object.entries(STANDINGS).find(([name]) => name === state)
  return (
    known?.[1] ??
    ({ words: `Whether this can be merged is ${state}.`, icon: 'waiting', tone: 'busy' } as const)
  )
}

const METHODS = [
  { method: 'merge', words: 'Merge commit', hint: 'keeps every commit, and adds one' },
  { method: 'squash', words: 'Squash', hint: 'makes one commit of all' },
  { method: 'rebase', words: 'Rebase', hint: 'puts the commits on top of the branch' },
] as const

/** The head that was looked at goes along, so that nothing else is merged. */
function mergeForm({ at, pull, back }: PullVisit): Html {
  return form(
    pathTo(at, 'pull', pull.number, 'merge'),
    back,
    html`<input type="hidden" name="sha" value="${pull.head.sha}">
<fieldset><legend>How to merge</legend>${METHODS.map(
      ({ method, words, hint }, index) =>
        html`<div class="choice"><input type="radio" id="merge-${method}" name="method" value="${method}"${index === 0 && html` checked`}><label for="merge-${method}">${words} <span class="hint">${hint}</span></label></div>`,
    )}</fieldset>
<button type="submit" class="${pull.mergeable_state === 'clean' && 'primary'}">Merge pull request</button>`,
    'Merge',
  )
}

function small({ at, pull, back }: PullVisit, action: string, words: string): Html {
  return form(pathTo(at, 'pull', pull.number, action), back, html`<button type="submit">${words}</button>`)
}

interface Rules {
  readonly checks: readonly string[]
  readonly words: readonly string[]
}

async function rulesOf({ visit, at, pull }: PullVisit): Promise<Rules> {
  const { data } = await visit.github.repos.getBranchRules({ ...at, branch: pull.base.ref })
  const checks: string[] = []
  const words: string[] = []
  for (const rule of data) {
    if (rule.type === 'pull_request') {
      const number = rule.parameters?.required_approving_review_count ?? 0
      if (number > 0)
        words.push(`${number} approving review${number === 1 ? '' : 's'} by people with write access`)
      if (rule.parameters?.require_code_owner_review) words.push('the review of a code owner')
    }
    if (rule.type === 'required_status_checks')
      checks.push(...(rule.parameters?.required_status_checks.map(({ context }) => context) ?? []))
  }
  return { checks, words: [...words, ...checks.map((name) => `the check ${name}`)] }
}

/** The commit of a merge has checks of its own: there Daypass says what became of the request. */
async function merged(opened: PullVisit): Promise<Html> {
  const { visit, at, pull } = opened
  const runs: readonly CheckRun[] = pull.merge_commit_sha
    ? await checksOf(visit.github, at, pull.merge_commit_sha)
    : []
  return html`<h2 id="merge-title">${icon('merge')} Merged${pull.merge_commit_sha && html` as ${commitLink(at, pull.merge_commit_sha)}`}</h2>
${runs.length > 0 && checkList(at, runs, new Set())}
${await branchForm(opened)}`
}

async function closed(opened: PullVisit): Promise<Html> {
  return html`<h2 id="merge-title">Closed, and not merged</h2>
${small(opened, 'reopen', 'Reopen pull request')}
${await branchForm(opened)}`
}

async function branchForm({ visit, at, pull, back }: PullVisit): Promise<Html | false> {
  const { repo, ref } = pull.head
  if (repo?.full_name !== pull.base.repo.full_name || ref === repo.default_branch) return false
  const isThere = (await branchesOf(visit.github, at)).some(({ name }) => name === ref)
  return (
    isThere &&
    form(
      pathTo(at, 'branches', 'delete'),
      back,
      html`<input type="hidden" name="branch" value="${ref}"><button type="submit">Delete branch</button> <span class="hint"><bdi>${ref}</bdi></span>`,
    )
  )
}
