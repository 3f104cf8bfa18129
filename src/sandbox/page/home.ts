/** The first page: what there is, who is who, and what to do first; and the little pictures of people. */
import { type Login, ORGANIZATION, WHO_IS_WHO } from '../seed.ts'
import { escapeText, type Html, html } from './html.ts'
import { get, type PageRoute } from './router.ts'
import { type PageAnswer, pathTo, type Visit } from './visit.ts'
import { avatar, icon } from './words.ts'

export const homePages: readonly PageRoute[] = [
  get('/', showHome),
  get('/avatars/:name', (visit) => picture(visit.param('name'))),
  get('/assets/icon.svg', () => picture('daypass')),
  // Where GitHub has a page about a person or an organization.
  get('/:login', () => ({ kind: 'redirect', to: '/' })),
]

async function showHome({ ready, login, github }: Visit): Promise<PageAnswer> {
  const found = await Promise.all(
    [ready.github.repository, ready.github.unprotected].map(async (name) => {
      const [owner = '', repo = ''] = name.split('/')
      const { data } = await github.repos.get({ owner, repo })
      const { data: rules } = await github.repos.getBranchRules({ owner, repo, branch: data.default_branch })
      return { at: { owner, repo }, isProtected: rules.length > 0 }
    }),
  )
  return {
    kind: 'page',
    title: 'Repositories',
    main: html`<h1>${ORGANIZATION}</h1>
<p>Daypass lends read access to S3 by pull request. Here you can try all of it: ask as <b>alice</b>, approve as <b>olivia</b>, read, wait until it is over.
You are <b>${login}</b>; at the top you can be anybody else.</p>
<h2>Repositories</h2>
<ul class="cards">${found.map(
      ({ at, isProtected }) => html`<li class="card">
<h3>${icon(isProtected ? 'lock' : 'dot')} <a href="${pathTo(at)}">${at.owner}/${at.repo}</a></h3>
<p>${isProtected ? 'Protected: a pull request needs the review of a code owner and the check of Daypass before it can be merged.' : 'Without any branch rules: everybody with write access may merge or push as they like. Daypass judges just the same.'}</p>
<p><a href="${pathTo(at, 'pulls')}">Pull requests</a></p>
</li>`,
    )}</ul>
<h2>People</h2>
<ul class="people">${Object.keys(ready.github.tokens).map(onePerson)}</ul>`,
  }
}

function onePerson(login: string): Html {
  return html`<li>${avatar({ login })}<div><b>${login}</b><br>${WHO_IS_WHO[login as Login]}</div></li>`
}

const COLOURS = ['#8250df', '#1f6feb', '#1a7f37', '#9a6700', '#bc4c00', '#bf3989', '#57606a']

function picture(name: string): PageAnswer {
  const sum = [...name].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0)
  const letter = escapeText([...name][0]?.toUpperCase() ?? '?')
  const colour = COLOURS[sum % COLOURS.length]
  return {
    kind: 'file',
    contentType: 'image/svg+xml',
    body: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="16" fill="${colour}"/><text x="16" y="21.5" font-family="sans-serif" font-size="16" font-weight="600" fill="#fff" text-anchor="middle">${letter}</text></svg>`,
  }
}
