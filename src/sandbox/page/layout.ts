/** What stands around every page: the header, whom the visitor acts as, the repository's tabs, and the panel. */
import { type Content, type Html, html } from './html.ts'
import { pathTo, type ShownPage, type Tab, type Visit } from './visit.ts'
import { avatar, icon } from './words.ts'

export interface Around {
  readonly panel: Html
  /** What GitHub refused just before. */
  readonly refusal: string | undefined
}

export function layout(visit: Visit, page: ShownPage, { panel, refusal }: Around): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Daypass sandbox</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/page.css">
<script src="/assets/live.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<a class="skip" href="#panel">Skip to who can read what now</a>
${header(visit)}
${page.at && repositoryHeader(page.at)}
<div class="columns">
<main id="content" tabindex="-1">
${refusal !== undefined && html`<div class="refusal" role="alert"><b>Refused.</b> <span class="words">${refusal}</span></div>`}
${page.main}
</main>
${panel}
</div>
<footer><p>A sandbox on your own machine. It looks like GitHub, so that you find your way; it is not GitHub, and nothing here reaches GitHub or AWS.</p></footer>
</body>
</html>
`
}

function header({ login, ready, url }: Visit): Html {
  return html`<header class="top">
<a class="brand" href="/">${icon('key')}<span>Daypass sandbox</span></a>
<a class="to-panel" href="#panel">Who can read now</a>
<form class="acting" method="post" action="/session">
<input type="hidden" name="back" value="${url.pathname + url.search}">
${avatar({ login })}
<label for="person">You are</label>
<select id="person" name="person">${Object.keys(ready.github.tokens).map(
    (name) => html`<option value="${name}"${name === login && html` selected`}>${name}</option>`,
  )}</select>
<button type="submit">Switch</button>
</form>
</header>`
}

const TABS: readonly { readonly tab: Tab; readonly words: string; readonly path: readonly string[] }[] = [
  { tab: 'code', words: 'Code', path: [] },
  { tab: 'pulls', words: 'Pull requests', path: ['pulls'] },
  { tab: 'issues', words: 'Issues', path: ['issues'] },
]

function repositoryHeader(at: NonNullable<ShownPage['at']>): Html {
  return html`<div class="repository">
<p class="name"><a href="/">${at.owner}</a> <span aria-hidden="true">/</span> <a href="${pathTo(at)}"><b>${at.repo}</b></a></p>
<nav aria-label="Repository">
<ul class="tabs">${TABS.map(({ tab, words, path }) => tabLink(pathTo(at, ...path), words, tab === at.tab))}</ul>
</nav>
</div>`
}

export function tabLink(href: string, words: Content, isCurrent: boolean): Html {
  return html`<li><a href="${href}"${isCurrent && html` aria-current="page"`}>${words}</a></li>`
}

/** A form whose refusals are shown on the page it stands on. */
export function form(action: string, back: string, content: Html, name?: string): Html {
  return html`<form method="post" action="${action}"${name !== undefined && html` aria-label="${name}"`}>
<input type="hidden" name="back" value="${back}">
${content}
</form>`
}
