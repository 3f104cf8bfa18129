/** One object read as one person: every way that was tried, what AWS answered, and the text where it let them in. */
import { type Html, html } from './html.ts'
import { type Attempt, tryToRead } from './look-at-access.ts'
import { get, type PageRoute } from './router.ts'
import { NothingHere, type PageAnswer, type Visit } from './visit.ts'
import { icon, instant } from './words.ts'

export const objectPages: readonly PageRoute[] = [get('/s3/:bucket/*key', showObject)]

/** Longer objects are shown in part, in characters. */
const SHOWN = 20_000

async function showObject(visit: Visit): Promise<PageAnswer> {
  const login = visit.url.searchParams.get('as') ?? visit.login
  if (!Object.hasOwn(visit.ready.aws.keys, login)) throw new NothingHere()
  const object = { bucket: visit.param('bucket'), key: visit.param('key') }
  const attempts = await tryToRead(visit.ready, visit.people, login, object)
  const text = attempts.find((attempt) => attempt.text !== undefined)?.text
  const main = html`<h1>Read as ${login}</h1>
<p class="under"><code class="words">s3://${object.bucket}/${object.key}</code> at ${instant(visit.now)}</p>
<p class="standing ${text === undefined ? 'bad' : 'good'}">${icon(text === undefined ? 'failure' : 'success')} <b>${text === undefined ? 'S3 gives it to this person by no way.' : 'S3 gives it to this person.'}</b></p>
<ul class="attempts">${attempts.map(oneAttempt)}</ul>
${text !== undefined && html`<h2>What was read</h2><pre class="box message">${text.slice(0, SHOWN)}</pre>`}`
  return { kind: 'page', title: `${object.key} as ${login}`, main }
}

function oneAttempt({ through, call, outcome }: Attempt): Html {
  const by =
    through === 'own keys' ? html`By their own keys` : html`By the role <code class="words">${through}</code>`
  return html`<li>${by}: <b>${call}</b> ${answerOf(outcome)}</li>`
}

function answerOf(outcome: Attempt['outcome']): string {
  switch (outcome.kind) {
    case 'allowed':
      return 'was answered.'
    case 'denied':
      return `was refused: ${outcome.code}.`
    case 'unknown':
      return `could not be asked: ${outcome.detail}`
  }
}
