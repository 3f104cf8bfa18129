/** Issues: the list, and one with its comments; the app opens one where something needs a person. */
import { html } from './html.ts'
import { form } from './layout.ts'
import { get, type PageRoute, post } from './router.ts'
import { comment, timeline } from './timeline.ts'
import { afterwards, BadForm, numberIn, type PageAnswer, pathTo, placeOf, type Visit } from './visit.ts'
import { avatar, icon, person, time } from './words.ts'

export const issuePages: readonly PageRoute[] = [
  get('/:owner/:repo/issues', showList),
  get('/:owner/:repo/issues/:number', showIssue),
  post('/:owner/:repo/issues/:number/answer', answer),
]

async function showList(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { data } = await visit.github.issues.listForRepo({ ...at, state: 'all', per_page: 100 })
  const issues = data.filter(({ pull_request }) => !pull_request)
  const main = html`<h1>Issues</h1>
<div data-live="issues">${
    issues.length === 0
      ? html`<p class="empty">There are none. Daypass opens one where access could not be taken away in time.</p>`
      : html`<ul class="rows">${issues.map(
          ({
            number,
            title,
            state,
            user,
            created_at,
          }) => html`<li>${stateOf(state)} <div><a class="title" href="${pathTo(at, 'issues', number)}"><bdi>${title}</bdi></a>
<p class="hint">#${number} by ${person(user)}, ${time(created_at)}</p></div></li>`,
        )}</ul>`
  }</div>`
  return { kind: 'page', title: 'Issues', at: { ...at, tab: 'issues' }, main }
}

function stateOf(state: string) {
  return html`<span class="state ${state === 'open' ? 'good' : 'done'}">${icon('dot')} ${state === 'open' ? 'Open' : 'Closed'}</span>`
}

async function showIssue(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const issue_number = numberIn(visit, 'number')
  const { data: issue } = await visit.github.issues.get({ ...at, issue_number })
  // Every pull request is an issue too.
  if (issue.pull_request) return { kind: 'redirect', to: pathTo(at, 'pull', issue_number) }
  const { github, login } = visit
  const back = visit.url.pathname
  const moments = await github.paginate(github.issues.listEventsForTimeline, {
    ...at,
    issue_number,
    per_page: 100,
  })
  const isOpen = issue.state === 'open'
  const main = html`<h1 class="words"><bdi>${issue.title}</bdi> <span class="number">#${issue_number}</span></h1>
<p class="under">${stateOf(issue.state)} opened by ${person(issue.user)}</p>
<div data-live="issue">
${comment({ by: issue.user, did: 'opened this', when: issue.created_at, body: issue.body ?? '' })}
${timeline({ at, number: issue_number, back }, moments)}
</div>
<section class="answer" aria-labelledby="answer-title"><h2 id="answer-title">${avatar({ login })} Answer as ${login}</h2>
${form(
  pathTo(at, 'issues', issue_number, 'answer'),
  back,
  html`<label for="answer">Comment</label><textarea id="answer" name="body" rows="4"></textarea>
<div class="buttons"><button type="submit" name="event" value="comment">Comment</button><button type="submit" name="event" value="${isOpen ? 'closed' : 'open'}">${isOpen ? 'Close issue' : 'Reopen issue'}</button></div>`,
)}</section>`
  return { kind: 'page', title: issue.title, at: { ...at, tab: 'issues' }, main }
}

async function answer(visit: Visit): Promise<PageAnswer> {
  const issue = { ...placeOf(visit), issue_number: numberIn(visit, 'number') }
  const body = visit.field('body')
  const event = visit.field('event')
  if (event === 'comment' && body.trim() === '') throw new BadForm('Write a comment first.')
  if (body.trim() !== '') await visit.github.issues.createComment({ ...issue, body })
  if (event === 'open' || event === 'closed') await visit.github.issues.update({ ...issue, state: event })
  return afterwards(visit)
}
